/**
 * I-ViT's shift-exponential in WGSL: of `d·scale`, times `|x0|·2^n`, as 64 bits; `x0 = ⌊−1/scale⌋`, an x0 above −1
 * counts as −1. Below 2^56.
 *
 * Exactness: beyond −2^20 the bound n·step is below every d, so that products of it fit 32 bits elsewhere.
 */
export const SHIFT_EXP: string = /* wgsl */ `
const SUM_LIMIT = 0x7fffffffu;
fn shift_exp(d: i32, x0: i32, n: i32) -> vec2<u32> {
  let step = min(x0, -1);
  var p = d + (d >> 1u) - (d >> 4u);
  if (step >= -1048576) { p = max(p, n * step); }
  /* ⌊p / step⌋, step < 0 */
  let size = magnitude(step);
  var quotient = i32(magnitude(p) / size);
  if (p > 0) { quotient = -i32((magnitude(p) + size - 1u) / size); }
  let t = sub64(wide(p), add64(mul_signed(quotient, step), mul_signed(2, step)));
  /* a row of nothing but negative values alone makes the quotient negative and the shift large */
  let s = min(n - 1 - quotient, 40);
  if (s < 0) { return sar64(t, u32(-s)); }
  return shl64(t, u32(s));
}
/* the smaller of an exponential and the largest sum */
fn limited(e: vec2<u32>) -> u32 { return select(min(e.x, SUM_LIMIT), SUM_LIMIT, e.y != 0u); }
`;
