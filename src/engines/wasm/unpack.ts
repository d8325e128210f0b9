/**
 * Bytes in which repetitions are references (LZ77, Ziv and Lempel 1977), unpacked by few lines at once,
 * as modules are compiled at once. A byte says what comes next:
 *
 * ```text
 *   0 …  63   1 … 64 bytes as they are
 *  64 … 159   3 … 98 bytes from 1 … 256 before: that distance less one, a byte
 * 160 … 255   3 … 98 bytes from 1 … 65536 before: that distance less one, two bytes, the lowest first
 * ```
 *
 * `tools/_pack.ts` packs them.
 */

/** The first `length` bytes of what was packed. */
export function unpack(packed: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0, to = 0; to < length;) {
    const token = packed[at++];
    if (token < 64) {
      for (let left = token; left >= 0; left--) bytes[to++] = packed[at++];
      continue;
    }
    const isFar = token >= 160;
    let from = to - 1 - packed[at++];
    if (isFar) from -= packed[at++] << 8;
    // What is copied may be what was just written.
    for (let left = token - (isFar ? 157 : 61); left > 0; left--) bytes[to++] = bytes[from++];
  }
  return bytes;
}
