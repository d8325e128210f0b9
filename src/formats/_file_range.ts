/** A part of a file, read when it is needed. */
import { FewbitError } from "../errors.ts";
import { fileError } from "../files/file_error.ts";
import { openFileSync } from "../files/read_file.ts";

/**
 * Reads `length` bytes from `offset` on.
 *
 * @throws {FewbitError} `invalid_file` where the file ends before, or what opening it throws.
 */
export function readRange(path: string, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  using file = openFileSync(path).file;
  try {
    file.seekSync(offset);
    for (let at = 0; at < length;) {
      const read = file.readSync(bytes.subarray(at));
      if (read === 0) {
        throw new FewbitError(
          "invalid_file",
          `Cannot read ${path}: it ends at ${offset + at} bytes`,
        );
      }
      at += read;
    }
  } catch (error) {
    throw fileError(`Cannot read ${path}`, error);
  }
  return bytes;
}
