/** Open files. */
import { called, INTEGERS, nodeFs } from "./_node_fs.ts";
import type { NodeFs } from "./_node_fs.ts";
import { infoOf } from "./file_info.ts";
import type { FileInfo } from "./file_info.ts";

/** What a file is opened for: `write` leaves its bytes, `create` refuses a name that is there. */
export type FileUse = "read" | "write" | "create";

/** Permissions of a new file, of which the process's mask is taken. */
const NEW_FILE_MODE = 0o666;

/** Bytes of a piece of a stream. */
const CHUNK_BYTES = 2 ** 18;

/** An open file. Whoever opened it closes it. */
export class OpenFile implements Disposable {
  readonly #fs: NodeFs;
  #descriptor: number | undefined;
  /** Where {@linkcode readSync} reads, once {@linkcode seekSync} said it. */
  #position: number | null = null;

  /** @param descriptor The number that the system gave. */
  constructor(descriptor: number) {
    this.#fs = nodeFs();
    this.#descriptor = descriptor;
  }

  /** Reads what comes next, at most as much as there is room for; 0 bytes are the end. */
  async read(into: Uint8Array): Promise<number> {
    return await called<number>((fs, done) =>
      fs.read(this.#open(), into, 0, into.length, null, done)
    );
  }

  /** Writes at least one byte of some and says how many. */
  async write(bytes: Uint8Array): Promise<number> {
    return await called<number>((fs, done) =>
      fs.write(this.#open(), bytes, 0, bytes.length, null, done)
    );
  }

  /** Waits until what was written is on the disk. */
  async sync(): Promise<void> {
    await called<void>((fs, done) => fs.fsync(this.#open(), done));
  }

  /** What is known of it. */
  async stat(): Promise<FileInfo> {
    return infoOf(await called((fs, done) => fs.fstat(this.#open(), INTEGERS, done)));
  }

  /** The same without waiting. */
  statSync(): FileInfo {
    return infoOf(this.#fs.fstatSync(this.#open(), INTEGERS));
  }

  /** Says where {@linkcode readSync} goes on, in bytes from the beginning. */
  seekSync(offset: number): number {
    return this.#position = offset;
  }

  /** Reads without waiting; 0 bytes are the end. */
  readSync(into: Uint8Array): number {
    const count = this.#fs.readSync(this.#open(), into, 0, into.length, this.#position);
    if (this.#position !== null) this.#position += count;
    return count;
  }

  /** What comes next as a stream, at whose end the file is closed. */
  readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: async (controller) => {
        const chunk = new Uint8Array(CHUNK_BYTES);
        const count = await this.read(chunk).catch((error) => {
          this.close();
          throw error;
        });
        if (count > 0) return controller.enqueue(chunk.subarray(0, count));
        this.close();
        controller.close();
      },
      cancel: () => this.close(),
    }, { highWaterMark: 0 });
  }

  /** Closes it; a second time does nothing. */
  close(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) this.#fs.closeSync(descriptor);
  }

  /** The same. */
  [Symbol.dispose](): void {
    this.close();
  }

  #open(): number {
    if (this.#descriptor === undefined) throw new TypeError("The file is closed");
    return this.#descriptor;
  }
}

/** Opens a file. A pipe keeps this waiting for its other end. */
export async function open(path: string, use: FileUse = "read"): Promise<OpenFile> {
  return new OpenFile(
    await called((fs, done) => fs.open(path, flagsOf(fs, use), NEW_FILE_MODE, done)),
  );
}

/** Opens a file for reading without waiting. */
export function openSync(path: string): OpenFile {
  const fs = nodeFs();
  return new OpenFile(fs.openSync(path, flagsOf(fs, "read")));
}

function flagsOf({ constants }: NodeFs, use: FileUse): number {
  const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL } = constants;
  if (use === "read") return O_RDONLY;
  // With O_EXCL a link is not followed.
  return use === "write" ? O_WRONLY : O_WRONLY | O_CREAT | O_EXCL;
}
