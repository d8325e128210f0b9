// Products of extents, which may be far larger than anything that is accepted: they stop at 2^62.

/** What stands for all that is larger. */
const MOST: u64 = 1 << 62;

/** a·b of two that are at most 2^62. */
export function times(a: u64, b: u64): u64 {
  return b != 0 && a > MOST / b ? MOST : a * b;
}

/** a + b of two that are at most 2^62. */
// @ts-ignore: decorator
@inline
export function plus(a: u64, b: u64): u64 {
  return min(a + b, MOST);
}
