/**
 * A saved state: `FEWS`, the bytes of the state, the id of its program (16 bytes), the CRC-32C of the
 * state and that of the 28 bytes so far; then the state.
 */
import { FewbitError } from "../errors.ts";
import { crc32c } from "../program/crc32c.ts";

/** `FEWS`. */
const MAGIC = 0x53574546;
const HEADER_BYTES = 32;

/** The parts of a state as bytes that name the program. */
export function encodeState(id: string, parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = lengthOf(parts);
  const saved = new Uint8Array(HEADER_BYTES + length);
  const view = new DataView(saved.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, length, true);
  saved.set(idBytes(id), 8);
  let at = HEADER_BYTES;
  for (const part of parts) {
    saved.set(part, at);
    at += part.length;
  }
  view.setUint32(24, crc32c(saved.subarray(HEADER_BYTES)), true);
  view.setUint32(28, crc32c(saved.subarray(0, 28)), true);
  return saved;
}

/**
 * Overwrites the parts of a state with what was saved; nothing changes where it does not fit.
 *
 * @throws {FewbitError} `invalid_file` where it is damaged, of another size, or another program's.
 */
export function decodeState(id: string, saved: Uint8Array, parts: readonly Uint8Array[]): void {
  const length = lengthOf(parts);
  checkOwner(id, saved);
  if (saved.length !== HEADER_BYTES + length) {
    fail(`expected ${HEADER_BYTES + length} bytes, got ${saved.length}`);
  }
  const view = new DataView(saved.buffer, saved.byteOffset, saved.length);
  if (view.getUint32(0, true) !== MAGIC) fail("not a saved state");
  if (view.getUint32(28, true) !== crc32c(saved.subarray(0, 28))) fail("header checksum");
  if (view.getUint32(4, true) !== length) fail("length");
  if (view.getUint32(24, true) !== crc32c(saved.subarray(HEADER_BYTES))) fail("checksum");
  let at = HEADER_BYTES;
  for (const part of parts) {
    part.set(saved.subarray(at, at + part.length));
    at += part.length;
  }
}

/**
 * Says so where a state is whole as far as its header goes, and another program's, whose sizes say nothing.
 *
 * @throws {FewbitError} `invalid_file`.
 */
export function checkOwner(id: string, saved: Uint8Array): void {
  if (saved.length < HEADER_BYTES) return;
  const view = new DataView(saved.buffer, saved.byteOffset, saved.length);
  const isWhole = view.getUint32(0, true) === MAGIC &&
    view.getUint32(28, true) === crc32c(saved.subarray(0, 28));
  if (isWhole && idBytes(id).some((byte, i) => byte !== saved[8 + i])) {
    fail("it is another program's: states are of one model only");
  }
}

function fail(why: string): never {
  throw new FewbitError("invalid_file", `Cannot restore state: ${why}`);
}

/** The bytes of the state in what was saved, whatever they are. */
export function stateOf(saved: Uint8Array): Uint8Array {
  return saved.subarray(HEADER_BYTES);
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function idBytes(id: string): number[] {
  return Array.from({ length: 16 }, (_, i) => parseInt(id.slice(2 * i, 2 * i + 2), 16));
}
