/**
 * A build as what differs from another one: both come from the same source, so that most of their
 * bytes are the same. A patch is a list of pairs: bytes that are given (a count and the bytes), then
 * bytes to copy (a count and the distance from the end of the copy before, zigzag); numbers are LEB128.
 *
 * `tools/_make_patch.ts` makes patches.
 */

/** Applies a patch that the build has made and checked. */
export function applyPatch(
  base: Uint8Array,
  patch: Uint8Array,
  length: number,
): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(length);
  let [at, from, to] = [0, 0, 0];
  const number = (): number => {
    let [value, shift, byte] = [0, 0, 0];
    do {
      byte = patch[at++];
      value |= (byte & 127) << shift;
      shift += 7;
    } while (byte > 127);
    return value;
  };
  while (at < patch.length) {
    const given = number();
    result.set(patch.subarray(at, at + given), to);
    at += given;
    to += given;
    const count = number();
    const distance = number();
    from += distance >>> 1 ^ -(distance & 1);
    result.set(base.subarray(from, from + count), to);
    from += count;
    to += count;
  }
  return result;
}
