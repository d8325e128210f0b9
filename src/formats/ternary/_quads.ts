import { FewbitError } from "../../errors.ts";

/**
 * Unpacks bytes that hold four codes `t + 1` in two bits each.
 *
 * @param format Name of the layout, for messages.
 * @param bytes The codes.
 * @param trits Where they go.
 * @param group Bytes of a group: it holds `4·group` weights that follow each other.
 * @param shifts Where in byte `m` of a group the codes of its weights `m`, `group + m`,
 * `2·group + m` and `3·group + m` are.
 */
export function unpackQuads(
  format: string,
  bytes: Uint8Array,
  trits: Int8Array,
  group: number,
  shifts: readonly number[],
): void {
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    // Both bits of a pair set is code 3.
    if ((byte & byte >> 1 & 0x55) !== 0) {
      throw new FewbitError(
        "invalid_file",
        `Cannot read ${format}: byte ${i} has the code 3, expected 0 to 2`,
      );
    }
    const m = i % group;
    let at = (i - m) * 4 + m;
    for (const shift of shifts) {
      trits[at] = (byte >> shift & 3) - 1;
      at += group;
    }
  }
}

/** The reverse of {@linkcode unpackQuads}. */
export function packQuads(
  trits: Int8Array,
  bytes: Uint8Array,
  group: number,
  shifts: readonly number[],
): void {
  for (let i = 0; i < bytes.length; i++) {
    const m = i % group;
    let at = (i - m) * 4 + m;
    let byte = 0;
    for (const shift of shifts) {
      byte |= trits[at] + 1 << shift;
      at += group;
    }
    bytes[i] = byte;
  }
}
