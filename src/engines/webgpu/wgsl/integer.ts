/**
 * 64-bit integers in WGSL, `vec2<u32>(low, high)` in two's complement, and what stands on them. WGSL's 32-bit integers have
 * no freedom: they wrap, and shifts are below 32 here.
 */

/** Functions on integers; `rounded` is a requantisation, `round(z·m / 2^e)`. */
export const INTEGERS: string = /* wgsl */ `
fn mul_wide(a: u32, b: u32) -> vec2<u32> {
  let al = a & 0xffffu; let ah = a >> 16u; let bl = b & 0xffffu; let bh = b >> 16u;
  let ll = al * bl; let lh = al * bh; let hl = ah * bl;
  let mid = (ll >> 16u) + (lh & 0xffffu) + (hl & 0xffffu);
  return vec2<u32>((ll & 0xffffu) | (mid << 16u), ah * bh + (lh >> 16u) + (hl >> 16u) + (mid >> 16u));
}
fn add64(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  let low = a.x + b.x;
  return vec2<u32>(low, a.y + b.y + select(0u, 1u, low < a.x));
}
fn neg64(a: vec2<u32>) -> vec2<u32> { return add64(~a, vec2<u32>(1u, 0u)); }
fn wide(a: i32) -> vec2<u32> { return vec2<u32>(u32(a), u32(a >> 31u)); }
/* s in 0…63 */
fn shr64(a: vec2<u32>, s: u32) -> vec2<u32> {
  if (s >= 32u) { return vec2<u32>(a.y >> (s - 32u), 0u); }
  if (s == 0u) { return a; }
  return vec2<u32>((a.x >> s) | (a.y << (32u - s)), a.y >> s);
}
fn sar64(a: vec2<u32>, s: u32) -> vec2<u32> {
  if (s >= 32u) { return vec2<u32>(u32(i32(a.y) >> (s - 32u)), u32(i32(a.y) >> 31u)); }
  if (s == 0u) { return a; }
  return vec2<u32>((a.x >> s) | (a.y << (32u - s)), u32(i32(a.y) >> s));
}
fn magnitude(a: i32) -> u32 { return select(u32(a), 0u - u32(a), a < 0); }
fn saturate32(a: vec2<u32>) -> i32 {
  if (i32(a.y) == (i32(a.x) >> 31u)) { return i32(a.x); }
  return select(0x7fffffff, i32(0x80000000u), i32(a.y) < 0);
}
/* ⌊n / d⌋ of unsigned numbers, d > 0 */
fn div64(n: vec2<u32>, d: vec2<u32>) -> vec2<u32> {
  if ((n.y | d.y) == 0u) { return vec2<u32>(n.x / d.x, 0u); }
  var q = vec2<u32>(0u); var r = vec2<u32>(0u); var a = n;
  for (var i = 0u; i < 64u; i++) {
    let carry = r.y >> 31u;
    r = vec2<u32>((r.x << 1u) | (a.y >> 31u), (r.y << 1u) | (r.x >> 31u));
    a = vec2<u32>(a.x << 1u, (a.y << 1u) | (a.x >> 31u));
    q = vec2<u32>(q.x << 1u, (q.y << 1u) | (q.x >> 31u));
    if (carry == 1u || r.y > d.y || (r.y == d.y && r.x >= d.x)) {
      r = add64(r, neg64(d));
      q.x |= 1u;
    }
  }
  return q;
}
/* round(z·m / 2^e); rounding 0 half_even, 1 half_up, 2 half_away, 3 double. |z|, |m| ≤ 2^31 */
fn rounded(z: i32, m: i32, e: i32, rounding: u32) -> vec2<u32> {
  if (e > 62) { return vec2<u32>(0u); }
  let s = u32(max(e, 1));
  if (rounding == 3u) { return rounded_twice(z, m, s); }
  let negative = (z < 0) != (m < 0);
  let p = mul_wide(magnitude(z), magnitude(m));
  var q = shr64(p, s);
  let below = shr64(p, s - 1u);
  let half = (below.x & 1u) == 1u;
  let back = s - 1u;
  var rest = false;
  if (back >= 32u) { rest = p.x != 0u || (p.y & ((1u << (back - 32u)) - 1u)) != 0u; }
  else { rest = (p.x & ((1u << back) - 1u)) != 0u; }
  var up = half && rest;
  if (half && !rest) {
    up = rounding == 2u || (rounding == 1u && !negative) || (rounding == 0u && (q.x & 1u) == 1u);
  }
  if (up) { q = add64(q, vec2<u32>(1u, 0u)); }
  if (negative) { q = neg64(q); }
  return q;
}
fn rounded_twice(z: i32, m: i32, e: u32) -> vec2<u32> {
  var a = z;
  if (e < 31u) { a = i32(u32(z) << (31u - e)); }
  var p = mul_wide(magnitude(a), magnitude(m));
  if ((a < 0) != (m < 0)) { p = neg64(p); }
  p = sar64(add64(p, vec2<u32>(0x40000000u, 0u)), 31u);
  let h = i32(p.x);
  if (e <= 31u) { return wide(h); }
  let s = e - 31u;
  let size = magnitude(h);
  /* ⌊|h|/2^s + ½⌋, s in 1…31 */
  let r = (size >> s) + ((size >> (s - 1u)) & 1u);
  return wide(select(i32(r), -i32(r), h < 0));
}
fn sub64(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> { return add64(a, neg64(b)); }
/* s in 0…63 */
fn shl64(a: vec2<u32>, s: u32) -> vec2<u32> {
  if (s >= 32u) { return vec2<u32>(0u, a.x << (s - 32u)); }
  if (s == 0u) { return a; }
  return vec2<u32>(a.x << s, (a.y << s) | (a.x >> (32u - s)));
}
fn mul_signed(a: i32, b: i32) -> vec2<u32> {
  let p = mul_wide(magnitude(a), magnitude(b));
  if ((a < 0) != (b < 0)) { return neg64(p); }
  return p;
}
/* the nearest integer to sum / count, of two the even one */
fn mean_half_even(sum: i32, count: i32) -> i32 {
  var mean = sum / count;
  if (sum - mean * count < 0) { mean -= 1; }
  let twice = 2u * u32(sum - mean * count);
  if (twice > u32(count) || (twice == u32(count) && (mean & 1) != 0)) { mean += 1; }
  return mean;
}
`;

/** `dot4(a, b)`: the sum of the products of four signed bytes, by the host's own instruction or without it. */
export function dotProduct(isPacked: boolean): string {
  if (isPacked) return "fn dot4(a: u32, b: u32) -> i32 { return dot4I8Packed(a, b); }\n";
  const products = [0, 8, 16, 24].map((at) =>
    `extractBits(i32(a), ${at}u, 8u) * extractBits(i32(b), ${at}u, 8u)`
  );
  return `fn dot4(a: u32, b: u32) -> i32 {
  return ${products.join(" +\n    ")};
}
`;
}
