// Lanes of vectors.

/** The upper half where the lower one was. */
// @ts-ignore: decorator
@inline
export function upper(v: v128): v128 {
  return v128.shuffle<i64>(v, v, 1, 0);
}

/** Low words of four 64-bit lanes. */
// @ts-ignore: decorator
@inline
export function low_words(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 2, 4, 6);
}
