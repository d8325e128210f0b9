/** Reading files: only regular ones, whose size is known before and holds until the end. */
import { FewbitError } from "../errors.ts";
import { fileError, isMissing, withFileErrors } from "./file_error.ts";
import type { FileInfo } from "./file_info.ts";
import { stat, statSync } from "./file_system.ts";
import { open, openSync } from "./open_file.ts";
import type { OpenFile } from "./open_file.ts";

/** Largest file that is read as a whole: what one array holds on every host. */
const MAX_FILE_BYTES = 2 ** 32;

/** Bytes between two looks at the signal. */
const PIECE_BYTES = 2 ** 24;

/** Options of {@linkcode readFile}. */
export interface ReadFileOptions {
  /** Most bytes that the file may have. Default 4 GiB. */
  readonly maxBytes?: number;
  /** Stops between two pieces with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** An open file and the bytes it had. */
export interface OpenedFile {
  /** The file; whoever opened it closes it. */
  readonly file: OpenFile;
  /** Its bytes. */
  readonly size: number;
}

/**
 * Opens a regular file for reading. Folders, devices, sockets and pipes are refused before they are
 * opened: a pipe without a writer would wait, a device like `/dev/zero` never ends.
 *
 * @throws {FewbitError} `not_found`, `invalid_argument` for what is no file, `io_error`.
 */
export async function openFile(path: string): Promise<OpenedFile> {
  return await withFileErrors(`Cannot open ${path}`, async () => {
    checkRegular(path, await stat(path));
    const file = await open(path);
    try {
      // What has this name may have changed in between.
      const info = await file.stat();
      checkRegular(path, info);
      return { file, size: info.size };
    } catch (error) {
      file.close();
      throw error;
    }
  });
}

/** The same without waiting. */
export function openFileSync(path: string): OpenedFile {
  try {
    checkRegular(path, statSync(path));
    const file = openSync(path);
    try {
      const info = file.statSync();
      checkRegular(path, info);
      return { file, size: info.size };
    } catch (error) {
      file.close();
      throw error;
    }
  } catch (error) {
    throw fileError(`Cannot open ${path}`, error);
  }
}

/**
 * Reads a whole file.
 *
 * @throws {FewbitError} What {@linkcode openFile} throws, `limit_exceeded` for more than `maxBytes`,
 * `invalid_file` where the file grows or shrinks while it is read.
 */
export async function readFile(
  path: string,
  { maxBytes = MAX_FILE_BYTES, signal }: ReadFileOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  signal?.throwIfAborted();
  const { file, size } = await openFile(path);
  using _ = file;
  if (size > maxBytes) {
    throw new FewbitError(
      "limit_exceeded",
      `Cannot read ${path}: it has ${size} bytes, expected at most ${maxBytes}`,
    );
  }
  const bytes = allocate(path, size);
  return await withFileErrors(`Cannot read ${path}`, async () => {
    for (let at = 0; at < size;) {
      signal?.throwIfAborted();
      const count = await file.read(bytes.subarray(at, at + PIECE_BYTES));
      if (count === 0) throw changed(path, `it ends at ${at} of ${size} bytes`);
      at += count;
    }
    if (await file.read(new Uint8Array(1)) !== 0) {
      throw changed(path, `it has more than its ${size} bytes`);
    }
    return bytes;
  });
}

/** Reads a whole file; `undefined` where there is none. */
export async function readOptionalFile(
  path: string,
  options?: ReadFileOptions,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await readFile(path, options);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Whether there is a regular file of this name, or one that a link leads to. */
export async function isFile(path: string): Promise<boolean> {
  return (await statOf(path))?.isFile ?? false;
}

/** Whether there is a folder of this name, or one that a link leads to. */
export async function isFolder(path: string): Promise<boolean> {
  return (await statOf(path))?.isDirectory ?? false;
}

/** What is known of a file; `undefined` where there is none. */
export async function statOf(path: string): Promise<FileInfo | undefined> {
  try {
    return await withFileErrors(`Cannot open ${path}`, () => stat(path));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** What something is that is no regular file. */
function kindOfSpecial(info: FileInfo): string {
  if (info.isDirectory) return "a folder";
  if (info.isFifo) return "a pipe";
  if (info.isSocket) return "a socket";
  return "a device";
}

function checkRegular(path: string, info: FileInfo): void {
  if (info.isFile) return;
  throw new FewbitError(
    "invalid_argument",
    `Cannot open ${path}: it is ${kindOfSpecial(info)}, expected a file`,
  );
}

function allocate(path: string, size: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(size);
  } catch (cause) {
    throw new FewbitError("limit_exceeded", `Cannot read ${path}: no memory for ${size} bytes`, {
      cause,
    });
  }
}

function changed(path: string, how: string): FewbitError {
  return new FewbitError(
    "invalid_file",
    `Cannot read ${path}: it changed while it was read: ${how}`,
  );
}
