/** x, at least low and at most high. Not inlined: it is for what a kernel does once. */
export function between(low: i32, x: i32, high: i32): i32 {
  return max(low, min(high, x));
}
