/** Readers take the bytes of a file, not its path, a promise, a buffer or nothing. */
import { FewbitError } from "../errors.ts";

/** Throws `invalid_argument` where a caller without types gave something else. */
export function checkBytes(format: string, bytes: Uint8Array): void {
  if (bytes instanceof Uint8Array) return;
  const given: unknown = bytes;
  const kind = typeof given === "object" && given !== null
    ? given.constructor?.name ?? "object"
    : given === null
    ? "null"
    : typeof given;
  throw new FewbitError(
    "invalid_argument",
    `Cannot read ${format}: got ${kind}, expected the file's bytes as a Uint8Array`,
  );
}
