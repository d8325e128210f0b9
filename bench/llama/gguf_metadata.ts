/** Where the metadata of a GGUF file ends, so that it can be copied as it is. */

/** Bytes of values by the number of their type: u8, i8, u16, i16, u32, i32, f32, bool; then u64, i64, f64. */
const BYTES: ReadonlyMap<number, number> = new Map([
  [0, 1],
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 4],
  [5, 4],
  [6, 4],
  [7, 1],
  [10, 8],
  [11, 8],
  [12, 8],
]);
const [STRING, ARRAY] = [8, 9];

/** The offset behind so many keys and values that begin at `at`. */
export function metadataEnd(bytes: Uint8Array, at: number, count: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = (): number => {
    at += 8;
    return Number(view.getBigUint64(at - 8, true));
  };
  const type = (): number => {
    at += 4;
    return view.getUint32(at - 4, true);
  };
  const skip = (kind: number): void => {
    if (kind === STRING) {
      // `length` moves on, too.
      const size = length();
      at += size;
    } else if (kind === ARRAY) {
      const item = type();
      for (let left = length(); left > 0; left--) skip(item);
    } else {
      const size = BYTES.get(kind);
      if (size === undefined) throw new Error(`Unknown type of a value ${kind} at ${at}`);
      at += size;
    }
  };
  for (; count > 0; count--) {
    skip(STRING);
    skip(type());
  }
  return at;
}
