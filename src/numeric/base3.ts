/**
 * Trits in base 3, five a byte (1.6 bits each): how ternary weights are stored in a file. Row-major, the first trit is the most significant
 * digit: `byte = Σ (t_i + 1)·3^(4−i)`, i = 0…4; the last byte is filled with `t = 0`. No byte exceeds 242.
 *
 * @module
 */
import { FewbitError } from "../errors.ts";

/** Bytes of that many trits. */
export function base3Bytes(count: number): number {
  return Math.ceil(count / 5);
}

/**
 * Packs trits.
 *
 * @param trits Values −1, 0 and 1.
 * @returns `⌈n/5⌉` bytes.
 * @throws {FewbitError} `invalid_argument` where a value is not a trit.
 */
export function packBase3(trits: Int8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(base3Bytes(trits.length));
  const whole = Math.floor(trits.length / 5);
  // Digits are 0, 1 and 2 exactly where `digit | digit + 1` has no bit above the lowest two.
  let seen = 0;
  let at = 0;
  for (let i = 0; i < whole; i++, at += 5) {
    const a = trits[at] + 1;
    const b = trits[at + 1] + 1;
    const c = trits[at + 2] + 1;
    const d = trits[at + 3] + 1;
    const e = trits[at + 4] + 1;
    seen |= a | a + 1 | b | b + 1 | c | c + 1 | d | d + 1 | e | e + 1;
    bytes[i] = 81 * a + 27 * b + 9 * c + 3 * d + e;
  }
  if (at < trits.length) {
    const rest = Array.from({ length: 5 }, (_, j) => (trits[at + j] ?? 0) + 1);
    for (const digit of rest) seen |= digit | digit + 1;
    bytes[whole] = rest.reduce((byte, digit) => byte * 3 + digit, 0);
  }
  if (seen >>> 0 > 3) {
    const bad = trits.find((trit) => trit < -1 || trit > 1);
    throw new FewbitError("invalid_argument", `Cannot pack ${bad} as a trit: expected -1, 0 or 1`);
  }
  return bytes;
}

/** Whether no byte exceeds 242. */
export function isBase3(bytes: Uint8Array): boolean {
  let most = 0;
  for (let i = 0; i < bytes.length; i++) most = Math.max(most, bytes[i]);
  return most <= 242;
}

/** The five trits of each byte up to 242. */
const TRITS: Int8Array = Int8Array.from(
  { length: 243 * 5 },
  (_, i) => Math.floor(Math.floor(i / 5) / 3 ** (4 - i % 5)) % 3 - 1,
);

/**
 * Unpacks trits.
 *
 * @param bytes What {@linkcode packBase3} gave.
 * @param count How many trits.
 * @throws {FewbitError} `invalid_argument` where a byte exceeds 242 or bytes are missing.
 */
export function unpackBase3(bytes: Uint8Array, count: number): Int8Array<ArrayBuffer> {
  if (bytes.length !== base3Bytes(count)) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot unpack ${count} trits from ${bytes.length} bytes`,
    );
  }
  if (!isBase3(bytes)) {
    throw new FewbitError("invalid_argument", "Cannot unpack a byte above 242 as five trits");
  }
  const trits = new Int8Array(count);
  for (let i = 0, at = 0; at < count; i++) {
    const from = bytes[i] * 5;
    for (let j = 0; j < 5 && at < count; j++, at++) trits[at] = TRITS[from + j];
  }
  return trits;
}
