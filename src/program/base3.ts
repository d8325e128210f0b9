/**
 * Trits in base 3, five a byte (1.6 bits each): how ternary weights are stored in a file. Row-major, the first trit is the most significant
 * digit: `byte = Σ (t_i + 1)·3^(4−i)`, i = 0…4; the last byte is filled with `t = 0`. No byte exceeds 242.
 *
 * @module
 */

/** Bytes of that many trits. */
export function base3Bytes(count: number): number {
  return Math.ceil(count / 5);
}

/**
 * Packs trits.
 *
 * @param trits Values −1, 0 and 1.
 * @returns `⌈n/5⌉` bytes.
 */
export function packBase3(trits: Int8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(base3Bytes(trits.length));
  for (let i = 0; i < bytes.length; i++) {
    let byte = 0;
    for (let at = 5 * i; at < 5 * i + 5; at++) {
      const trit = at < trits.length ? trits[at] : 0;
      if (trit < -1 || trit > 1) throw new RangeError(`Cannot pack ${trit} as a trit`);
      byte = byte * 3 + trit + 1;
    }
    bytes[i] = byte;
  }
  return bytes;
}

/**
 * Unpacks trits.
 *
 * @param bytes What {@linkcode packBase3} gave.
 * @param count How many trits.
 * @throws {RangeError} Where a byte exceeds 242 or bytes are missing.
 */
export function unpackBase3(bytes: Uint8Array, count: number): Int8Array<ArrayBuffer> {
  if (bytes.length !== base3Bytes(count)) {
    throw new RangeError(`Cannot unpack ${count} trits from ${bytes.length} bytes`);
  }
  const trits = new Int8Array(count);
  bytes.forEach((byte, i) => {
    if (byte > 242) throw new RangeError(`Cannot unpack ${byte}: at most 242 holds five trits`);
    for (let j = 4; j >= 0; j--) {
      if (5 * i + j < count) trits[5 * i + j] = byte % 3 - 1;
      byte = Math.floor(byte / 3);
    }
  });
  return trits;
}
