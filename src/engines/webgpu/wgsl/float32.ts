/**
 * float32 in 32-bit integers, so that every adapter gives the same bits: they flush subnormals and contract products and
 * sums each in its own way. Numbers are their bits as `u32`. Each operation is exact to 27 bits whose last one is the OR of
 * all below it, then rounded once, half to even; subnormals are kept, NaN is 0x7FC00000.
 *
 * Exactness: three bits more than a mantissa suffice, as an addition of numbers two or more exponents apart loses at most
 * one leading bit, and is exact otherwise.
 */

import { EXP_COEFFICIENTS, LN2_LOW, LOG2E } from "../../../numeric/exp.ts";

/** The bits of a float32, in WGSL. */
export const bitsOf = (x: number): string =>
  `0x${new Uint32Array(Float32Array.of(x).buffer)[0].toString(16)}u`;

/** Functions on float32; they need those on integers. */
export const FLOATS: string = /* wgsl */ `
const ONE = 0x3f800000u;
const LOG2E = ${bitsOf(LOG2E)};
const LN2_LOW = ${bitsOf(LN2_LOW)};
const EXP = array<u32, 5>(${EXP_COEFFICIENTS.map(bitsOf).join(", ")});
/* m: 27 bits, bit 26 set (the last three are guard, round and sticky); value m·2^(e − 127 − 26) */
fn f_pack(sign: u32, e: i32, m: u32) -> u32 {
  var a = m; var b = e;
  if (b < 1) {
    let d = u32(1 - b);
    if (d > 27u) { a = 1u; } else { a = (m >> d) | select(0u, 1u, (m & ((1u << d) - 1u)) != 0u); }
    b = 1;
  }
  let r = a & 7u; var q = a >> 3u;
  if (r > 4u || (r == 4u && (q & 1u) == 1u)) { q += 1u; }
  return sign | min((u32(b - 1) << 23u) + q, 0x7f800000u);
}
fn f_nan(a: u32) -> bool { return (a & 0x7fffffffu) > 0x7f800000u; }
fn f_add(a: u32, b: u32) -> u32 {
  var x = a; var y = b;
  if ((x & 0x7fffffffu) < (y & 0x7fffffffu)) { x = b; y = a; }
  let ex = (x >> 23u) & 255u; let ey = (y >> 23u) & 255u;
  let sign = x & 0x80000000u;
  let differ = ((x ^ y) >> 31u) == 1u;
  if (ex == 255u) {
    if (f_nan(x) || (ey == 255u && differ)) { return 0x7fc00000u; }
    return x;
  }
  let mx = ((x & 0x7fffffu) | select(0u, 0x800000u, ex > 0u)) << 3u;
  var my = ((y & 0x7fffffu) | select(0u, 0x800000u, ey > 0u)) << 3u;
  var e = i32(max(ex, 1u));
  let d = u32(e) - max(ey, 1u);
  if (d > 27u) { my = select(0u, 1u, my != 0u); }
  else { my = (my >> d) | select(0u, 1u, (my & ((1u << d) - 1u)) != 0u); }
  var m = select(mx + my, mx - my, differ);
  if (m == 0u) { return select(sign, 0u, differ); }
  if (m >= 0x8000000u) { m = (m >> 1u) | (m & 1u); e += 1; }
  else { let s = countLeadingZeros(m) - 5u; m <<= s; e -= i32(s); }
  return f_pack(sign, e, m);
}
fn f_neg(a: u32) -> u32 { return a ^ 0x80000000u; }
fn f_sub(a: u32, b: u32) -> u32 { return f_add(a, b ^ 0x80000000u); }
/* exponent and 24-bit mantissa of a finite number that is not 0 */
fn f_split(a: u32) -> vec2<i32> {
  let e = i32((a >> 23u) & 255u); let m = a & 0x7fffffu;
  if (e > 0) { return vec2<i32>(e, i32(m | 0x800000u)); }
  let s = countLeadingZeros(m) - 8u;
  return vec2<i32>(1 - i32(s), i32(m << s));
}
fn f_mul(a: u32, b: u32) -> u32 {
  let sign = (a ^ b) & 0x80000000u;
  let x = a & 0x7fffffffu; let y = b & 0x7fffffffu;
  if (x >= 0x7f800000u || y >= 0x7f800000u) {
    if (x > 0x7f800000u || y > 0x7f800000u || x == 0u || y == 0u) { return 0x7fc00000u; }
    return sign | 0x7f800000u;
  }
  if (x == 0u || y == 0u) { return sign; }
  let p = f_split(x); let q = f_split(y);
  let u = u32(p.y); let v = u32(q.y);
  let ul = u & 0xfffu; let uh = u >> 12u; let vl = v & 0xfffu; let vh = v >> 12u;
  let mid = uh * vl + ul * vh;
  let low = ul * vl + ((mid & 0xfffu) << 12u);
  let high = uh * vh + (mid >> 12u) + (low >> 24u);
  let rest = low & 0xffffffu;
  var m = (high << 4u) | (rest >> 20u);
  let sticky = select(0u, 1u, (rest & 0xfffffu) != 0u);
  var e = p.x + q.x - 127;
  if (m >= 0x8000000u) { m = (m >> 1u) | (m & 1u); e += 1; }
  return f_pack(sign, e, m | sticky);
}
fn f_div(a: u32, b: u32) -> u32 {
  let sign = (a ^ b) & 0x80000000u;
  let x = a & 0x7fffffffu; let y = b & 0x7fffffffu;
  if (x > 0x7f800000u || y > 0x7f800000u) { return 0x7fc00000u; }
  if (x == 0x7f800000u) { return select(sign | 0x7f800000u, 0x7fc00000u, y == 0x7f800000u); }
  if (y == 0x7f800000u) { return sign; }
  if (y == 0u) { return select(sign | 0x7f800000u, 0x7fc00000u, x == 0u); }
  if (x == 0u) { return sign; }
  let p = f_split(x); let s = f_split(y);
  let d = u32(s.y);
  var r = u32(p.y);
  var q = select(0u, 1u, r >= d);
  if (q == 1u) { r -= d; }
  for (var i = 0; i < 3; i++) { r <<= 8u; let t = r / d; q = (q << 8u) | t; r -= t * d; }
  r <<= 3u; let t = r / d; q = (q << 3u) | t; r -= t * d;
  /* 27 bits behind the point; bit 27 set if the quotient is 1 or more */
  var e = p.x - s.x + 127;
  let sticky = select(0u, 1u, r != 0u);
  if (q >= 0x8000000u) { q = (q >> 1u) | (q & 1u); } else { e -= 1; }
  return f_pack(sign, e, q | sticky);
}
fn f_sqrt(a: u32) -> u32 {
  if ((a & 0x7fffffffu) == 0u || a == 0x7f800000u) { return a; }
  if (a > 0x7f800000u) { return 0x7fc00000u; }
  let p = f_split(a);
  var e = p.x - 127; var m = u32(p.y);
  if ((e & 1) != 0) { m <<= 1u; e -= 1; }
  var root = 0u; var r = 0u;
  for (var i = 0u; i < 27u; i++) {
    var pair = 0u;
    if (i < 12u) { pair = (m >> (23u - 2u * i)) & 3u; } else if (i == 12u) { pair = (m << 1u) & 3u; }
    r = (r << 2u) | pair;
    let t = (root << 2u) | 1u;
    root <<= 1u;
    if (r >= t) { r -= t; root |= 1u; }
  }
  return f_pack(0u, e / 2 + 127, root | select(0u, 1u, r != 0u));
}
/* 33 bits are enough for what calls this */
fn f_from_i64(x: vec2<u32>) -> u32 {
  let sign = x.y & 0x80000000u;
  var a = x;
  if (sign != 0u) { a = neg64(a); }
  if (a.y == 0u) { return sign | f_from_u32(a.x); }
  let s = countLeadingZeros(a.y);
  let n = shr64(vec2<u32>(a.x, a.y), 32u - s).x;
  return f_pack(sign, i32(190u - s), (n >> 5u) | select(0u, 1u, ((n & 31u) | (a.x << s)) != 0u));
}
fn f_from_i32(x: i32) -> u32 { return (u32(x) & 0x80000000u) | f_from_u32(magnitude(x)); }
fn f_from_u32(a: u32) -> u32 {
  if (a == 0u) { return 0u; }
  let s = countLeadingZeros(a); let n = a << s;
  return f_pack(0u, i32(158u - s), (n >> 5u) | select(0u, 1u, (n & 31u) != 0u));
}
/* exact; NaN keeps being one */
fn f_from_half(h: u32) -> u32 {
  let sign = (h & 0x8000u) << 16u; let e = (h >> 10u) & 31u; let m = h & 0x3ffu;
  if (e == 31u) { return sign | 0x7f800000u | (m << 13u); }
  if (e > 0u) { return sign | ((e + 112u) << 23u) | (m << 13u); }
  if (m == 0u) { return sign; }
  let s = countLeadingZeros(m) - 21u;
  return sign | ((113u - s) << 23u) | (((m << s) & 0x3ffu) << 13u);
}
/* a < b; false where one is NaN */
fn f_less(a: u32, b: u32) -> bool {
  if (f_nan(a) || f_nan(b)) { return false; }
  let x = select(i32(a), -i32(a & 0x7fffffffu), (a >> 31u) == 1u);
  let y = select(i32(b), -i32(b & 0x7fffffffu), (b >> 31u) == 1u);
  return x < y;
}
/* NaN where one is; +0 above −0 */
fn f_max(a: u32, b: u32) -> u32 {
  if (f_nan(a) || f_nan(b)) { return 0x7fc00000u; }
  let x = i32(a) ^ select(0, 0x7fffffff, (a >> 31u) == 1u);
  let y = i32(b) ^ select(0, 0x7fffffff, (b >> 31u) == 1u);
  return select(a, b, y > x);
}
fn f_exp(x: u32) -> u32 {
  if (f_less(x, 0xc2aea8f6u)) { return 0u; }
  let magic = 0x4b400000u;
  let n = f_sub(f_add(f_mul(x, LOG2E), magic), magic);
  let r = f_sub(f_sub(x, f_mul(n, 0x3f318000u)), f_mul(n, LN2_LOW));
  /* A loop, so that the code of a step is there once: drivers inline every call. */
  var p = EXP[0];
  for (var i = 1u; i < 5u; i++) { p = f_add(f_mul(p, r), EXP[i]); }
  let y = f_add(f_add(f_mul(p, f_mul(r, r)), r), 0x3f800000u);
  /* n is an integer from −126 to 127 */
  return f_mul(y, u32(f_to_i32(n) + 127) << 23u);
}
/* an integer below 2^23 */
fn f_to_i32(a: u32) -> i32 {
  let e = (a >> 23u) & 255u;
  if (e < 127u) { return 0; }
  let m = ((a & 0x7fffffu) | 0x800000u) >> (150u - e);
  return select(i32(m), -i32(m), (a >> 31u) == 1u);
}
const MINUS_88 = 0xc2b00000u;
fn f_above(x: u32) -> u32 { return select(x, MINUS_88, f_less(x, MINUS_88)); }
fn f_one_plus_exp(x: u32) -> u32 { return f_add(0x3f800000u, f_exp(f_neg(x))); }
fn f_sigmoid(x: u32) -> u32 { return f_div(0x3f800000u, f_one_plus_exp(f_above(x))); }
fn f_silu(x: u32) -> u32 { let b = f_above(x); return f_div(b, f_one_plus_exp(b)); }
/* round half away to −128…127; NaN → 0 */
fn f_code(v: u32) -> i32 {
  if (f_nan(v)) { return 0; }
  let e = (v >> 23u) & 255u;
  let negative = (v >> 31u) == 1u;
  if (e >= 134u) { return select(127, -128, negative); }
  if (e < 126u) { return 0; }
  let m = (v & 0x7fffffu) | 0x800000u;
  let s = 150u - e;
  let r = i32((m >> s) + ((m >> (s - 1u)) & 1u));
  return select(min(r, 127), -r, negative);
}
/* the nearest integer, of two the even one; saturates, NaN gives 0 */
fn f_to_i32_half_even(a: u32) -> i32 {
  if (f_nan(a)) { return 0; }
  let e = (a >> 23u) & 255u;
  let negative = (a >> 31u) == 1u;
  if (e >= 158u) { return select(0x7fffffff, i32(0x80000000u), negative); }
  if (e < 126u) { return 0; }
  let m = (a & 0x7fffffu) | 0x800000u;
  var r = 0u;
  if (e >= 150u) { r = m << (e - 150u); } else {
    let s = 150u - e;
    r = m >> s;
    let rest = m & ((1u << s) - 1u);
    let half = 1u << (s - 1u);
    if (rest > half || (rest == half && (r & 1u) == 1u)) { r += 1u; }
  }
  return select(i32(r), -i32(r), negative);
}
`;
