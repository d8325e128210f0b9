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

// One lane of 32 bits, four times.
// @ts-ignore: decorator
@inline
export function lane0(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 0, 0, 0, 0);
}
// @ts-ignore: decorator
@inline
export function lane1(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 1, 1, 1, 1);
}
// @ts-ignore: decorator
@inline
export function lane2(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 2, 2, 2, 2);
}
// @ts-ignore: decorator
@inline
export function lane3(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 3, 3, 3, 3);
}
