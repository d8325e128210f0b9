// The inner loops of every GEMM: one tile of 4 rows × 8 columns over the whole of K, eight accumulators.
//
// Why this tile. Eight accumulators, two B vectors, A and a temporary are 12 of the 15 registers V8 gives; 12 accumulators spill in the
// dot-product form (150 against 200 GOP/s). Why diagonals. Broadcasting the four rows of an A vector takes four shuffles a step, and the
// shuffles compete with multiplies and adds for two or three ports. Instead A is turned: t0 = a, t1 = (a1 a2 a3 a0), t2, t3, so that
// accumulator r holds, in lane l, row (l+r) mod 4 of column l. Three shuffles do; where A panels are stored twice in a row, t2 is a load at
// +8 bytes and two do (i16 76 → 85 GOP/s, f32 37 → 43.5 GFLOP/s, Sapphire Rapids, Deno 2.9.5). The diagonals are put straight once a
// tile by 16 blends.
// More loads instead of shuffles lose again: V8 checks the bounds of each.

/** Rows from diagonals: out = 0, 1, 2, 3 selects the row; v0 … v3 are the accumulators of one column half. */
// @ts-ignore: decorator
@inline
export function even(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 5, 2, 7);
}
// @ts-ignore: decorator
@inline
export function halves(a: v128, b: v128): v128 {
  return v128.shuffle<i64>(a, b, 0, 3);
}
// @ts-ignore: decorator
@inline
export function turn1(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 1, 2, 3, 0);
}
// @ts-ignore: decorator
@inline
export function turn2(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 2, 3, 0, 1);
}
// @ts-ignore: decorator
@inline
export function turn3(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 3, 0, 1, 2);
}

// @ts-ignore: decorator
@inline
function store_i32(to: usize, v: v128, accumulate: i32): void {
  v128.store(to, accumulate ? i32x4.add(v, v128.load(to)) : v);
}

/** Stores one 4×4 block of diagonals as rows, `ld` bytes apart. */
// @ts-ignore: decorator
@inline
export function store_rows_i32(
  to: usize,
  ld: usize,
  v0: v128,
  v1: v128,
  v2: v128,
  v3: v128,
  accumulate: i32,
): void {
  const e = even(v0, v3), f = even(v2, v1), g = even(v1, v0), h = even(v3, v2);
  store_i32(to, halves(e, f), accumulate);
  to += ld;
  store_i32(to, halves(g, h), accumulate);
  to += ld;
  store_i32(to, halves(f, e), accumulate);
  to += ld;
  store_i32(to, halves(h, g), accumulate);
}

/** `store_rows_i32` 32 bytes apart, as a function of its own: where there are many. */
export function add_rows_i32(
  to: usize,
  v0: v128,
  v1: v128,
  v2: v128,
  v3: v128,
  accumulate: i32,
): void {
  store_rows_i32(to, 32, v0, v1, v2, v3, accumulate);
}

/**
 * c[4][8] (+)= A·B, i16 × i16 → i32, exact (wraps modulo 2^32).
 * @param a one i16 A panel (pack.ts), 32 bytes a step
 * @param b one i16 B panel [k2][8][2]
 * @param c i32 [4][8], `ld` bytes between rows (32: a strip; else the output itself)
 * @param k2 steps, pairs of k
 * @param accumulate 1: adds to c
 */
export function mk_i16_4x8(
  a: usize,
  b: usize,
  c: usize,
  ld: usize,
  k2: i32,
  accumulate: i32,
): void {
  let c00 = i32x4.splat(0),
    c01 = c00,
    c10 = c00,
    c11 = c00,
    c20 = c00,
    c21 = c00,
    c30 = c00,
    c31 = c00;
  for (const end = a + (<usize> k2 << 5); a < end; a += 32, b += 32) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), a0 = v128.load(a);
    c00 = i32x4.add(c00, i32x4.dot_i16x8_s(a0, b0));
    c01 = i32x4.add(c01, i32x4.dot_i16x8_s(a0, b1));
    const a1 = turn1(a0);
    c10 = i32x4.add(c10, i32x4.dot_i16x8_s(a1, b0));
    c11 = i32x4.add(c11, i32x4.dot_i16x8_s(a1, b1));
    const a2 = v128.load(a, 8);
    c20 = i32x4.add(c20, i32x4.dot_i16x8_s(a2, b0));
    c21 = i32x4.add(c21, i32x4.dot_i16x8_s(a2, b1));
    const a3 = turn3(a0);
    c30 = i32x4.add(c30, i32x4.dot_i16x8_s(a3, b0));
    c31 = i32x4.add(c31, i32x4.dot_i16x8_s(a3, b1));
  }
  store_rows_i32(c, ld, c00, c10, c20, c30, accumulate);
  store_rows_i32(c + 16, ld, c01, c11, c21, c31, accumulate);
}
