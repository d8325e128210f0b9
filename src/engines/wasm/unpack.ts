/**
 * The modules as bytes that need less room: literals, and copies of what is already there (LZ77). All modules
 * are one text, because they come from the same source, so that of every other one little is new.
 *
 * A step is a byte with two numbers of four bits (15: and the LEB128 number that follows), literals and copied
 * bytes − 3; then the literals; then, unless the end is reached, how far back the copy lies, LEB128 (0:
 * as far as the copy before). `DecompressionStream` is no help: workerd compiles WebAssembly only while
 * modules are evaluated, synchronously.
 *
 * `tools/_pack.ts` packs.
 */

/** Least bytes of a copy. */
export const LEAST_COPY = 3;

/** The first `length` bytes of what the build has packed and checked. */
export function unpack(packed: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(length);
  let [at, to, distance] = [0, 0, 0];
  const number = (): number => {
    let [value, shift, byte] = [0, 0, 0];
    do {
      byte = packed[at++];
      value |= (byte & 127) << shift;
      shift += 7;
    } while (byte > 127);
    return value;
  };
  while (to < length) {
    const step = packed[at++];
    const literals = step >> 4 < 15 ? step >> 4 : 15 + number();
    const count = LEAST_COPY + ((step & 15) < 15 ? step & 15 : 15 + number());
    for (const end = to + literals; to < end;) result[to++] = packed[at++];
    if (to >= length) break;
    distance = number() || distance;
    for (const end = to + count; to < end; to++) result[to] = result[to - distance];
  }
  return result;
}
