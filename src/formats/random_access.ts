/** Reading parts of what is too large to be read as a whole. */
import { FewbitError } from "../errors.ts";

/** Bytes that can be read in parts, such as those of a file. A `Blob` is one by {@linkcode blobAccess}. */
export interface RandomAccess {
  /** Size in bytes. */
  readonly size: number;
  /** Gives bytes `begin` to `end`, which lie within the size. */
  read(begin: number, end: number): Promise<Uint8Array>;
}

/**
 * Parts of a `Blob`, such as a file that a user has picked in a browser.
 *
 * @example
 * ```ts
 * import { blobAccess } from "@fewbit/fewbit";
 *
 * const access = blobAccess(new Blob(["GGUF"]));
 * console.log(access.size, await access.read(0, 2));
 * ```
 */
export function blobAccess(blob: Blob): RandomAccess {
  return {
    size: blob.size,
    read: async (begin, end) => new Uint8Array(await blob.slice(begin, end).arrayBuffer()),
  };
}

/** An open file that is read from any place, such as a `Deno.FsFile`. */
export interface SeekableFile {
  /** What is known of it. */
  statSync(): { readonly size: number };
  /** Goes to so many bytes from the beginning; `whence` is always 0, which says so. */
  seekSync(offset: number, whence: 0): unknown;
  /** Reads into an array and says how many bytes it did; `null` or 0 at the end. */
  readSync(into: Uint8Array): number | null;
}

/**
 * Parts of an open file. The file stays open until its owner closes it. Of Node's files there is
 * `openAsBlob`, which {@linkcode blobAccess} takes.
 *
 * @example
 * ```ts
 * import { fileAccess } from "@fewbit/fewbit";
 *
 * using file = await Deno.open("model.gguf");
 * const access = fileAccess(file);
 * console.log(access.size, await access.read(0, 4));
 * ```
 */
export function fileAccess(file: SeekableFile): RandomAccess {
  return {
    size: file.statSync().size,
    // Without a pause between seeking and reading, so that two reads do not move each other's place.
    read: (begin, end) => new Promise((resolve) => resolve(readPart(file, begin, end))),
  };
}

function readPart(file: SeekableFile, begin: number, end: number): Uint8Array {
  const bytes = new Uint8Array(end - begin);
  file.seekSync(begin, 0);
  for (let at = 0; at < bytes.length;) {
    const count = file.readSync(bytes.subarray(at));
    if (count === null || count === 0) {
      throw new FewbitError(
        "invalid_file",
        `Cannot read file: it ends at ${begin + at}, expected bytes up to ${end}`,
      );
    }
    at += count;
  }
  return bytes;
}
