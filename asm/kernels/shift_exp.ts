// I-ViT's exponential of d ≤ 0 (d > 0 in rows of ShiftGELU that are negative throughout), an integer times 2^(n)·|x0|-ish scale:
//
//   p = max(d + (d >> 1) − (d >> 4), n·x0);  q = ⌊p / x0⌋;  t = p − q·x0 − 2·x0
//   E = t << min(n − 1 − q, 40), or t >> 1 where q = n
//
// in 64 bits. x0 ≤ −1 (an operand ≥ 0 counts as −1). Nothing overflows: t ≤ 3·2^31, and a shift above 23 needs q < −1, so |x0| < 184.

/** The x0 operand as the kernels use it. */
// @ts-ignore: decorator
@inline
export function negative(x0: i32): i64 {
  return <i64> min(x0, -1);
}

/** E. */
export function shift_exp(d: i32, x0: i64, n: i64): i64 {
  let p = <i64> (d + (d >> 1) - (d >> 4));
  p = max(p, n * x0);
  let q = p / x0;
  if (p > 0 && q * x0 != p) q--;
  const t = p - q * x0 - 2 * x0, shift = n - 1 - q;
  return shift >= 0 ? t << min<i64>(shift, 40) : t >> 1;
}
