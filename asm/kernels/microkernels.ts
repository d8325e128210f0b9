// The inner loops of every GEMM: one tile of 4 rows × 8 columns over the whole of K, eight accumulators.
//
// Why this tile. Eight accumulators, two B vectors, A and a temporary are 12 of the 15 registers V8 gives; 12 accumulators spill in the
// dot-product form (150 against 200 GOP/s). Why diagonals. Broadcasting the four rows of an A vector takes four shuffles a step, and the
// shuffles compete with multiplies and adds for two or three ports. Instead A is turned: t0 = a, t1 = (a1 a2 a3 a0), t2, t3, so that
// accumulator r holds, in lane l, row (l+r) mod 4 of column l. Three shuffles do; where A panels are stored twice in a row, t2 is a load at
// +8 bytes and two do (i16 76 → 85 GOP/s, f32 37 → 43.5 GFLOP/s, Sapphire Rapids, Deno 2.9.5). The diagonals are put straight once a
// tile by 16 blends.
// More loads instead of shuffles lose again: V8 checks the bounds of each (see ../spec/kernels.md §0.1).

/** Rows from diagonals: out = 0, 1, 2, 3 selects the row; v0 … v3 are the accumulators of one column half. */
// @ts-ignore: decorator
@inline export function even(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 5, 2, 7);
}
// @ts-ignore: decorator
@inline export function halves(a: v128, b: v128): v128 {
  return v128.shuffle<i64>(a, b, 0, 3);
}
// @ts-ignore: decorator
@inline export function turn1(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 1, 2, 3, 0);
}
// @ts-ignore: decorator
@inline export function turn2(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 2, 3, 0, 1);
}
// @ts-ignore: decorator
@inline export function turn3(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 3, 0, 1, 2);
}

// @ts-ignore: decorator
@inline function store_i32(to: usize, v: v128, accumulate: i32): void {
  v128.store(to, accumulate ? i32x4.add(v, v128.load(to)) : v);
}

/** Stores one 4×4 block of diagonals as rows, `ld` bytes apart. */
// @ts-ignore: decorator
@inline export function store_rows_i32(to: usize, ld: usize, v0: v128, v1: v128, v2: v128, v3: v128, accumulate: i32): void {
  const e = even(v0, v3), f = even(v2, v1), g = even(v1, v0), h = even(v3, v2);
  store_i32(to, halves(e, f), accumulate);
  to += ld;
  store_i32(to, halves(g, h), accumulate);
  to += ld;
  store_i32(to, halves(f, e), accumulate);
  to += ld;
  store_i32(to, halves(h, g), accumulate);
}

// @ts-ignore: decorator
@inline function store_rows_f32(to: usize, ld: usize, v0: v128, v1: v128, v2: v128, v3: v128): void {
  const e = even(v0, v3), f = even(v2, v1), g = even(v1, v0), h = even(v3, v2);
  v128.store(to, halves(e, f));
  to += ld;
  v128.store(to, halves(g, h));
  to += ld;
  v128.store(to, halves(f, e));
  to += ld;
  v128.store(to, halves(h, g));
}

/**
 * c[4][8] (+)= A·B, i16 × i16 → i32, exact (wraps modulo 2^32).
 * @param a one i16 A panel (pack.ts), 32 bytes a step
 * @param b one i16 B panel [k2][8][2]
 * @param c i32 [4][8], `ld` bytes between rows (32: a strip; else the output itself)
 * @param k2 steps, pairs of k
 * @param accumulate 1: adds to c
 */
export function mk_i16_4x8(a: usize, b: usize, c: usize, ld: usize, k2: i32, accumulate: i32): void {
  let c00 = i32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  for (const end = a + (<usize>k2 << 5); a < end; a += 32, b += 32) {
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

/**
 * c[4][8] = correction[row] + A·B, i8 × u7 → i32, exact: every product pair fits i16, so no engine saturates and no high bit is set.
 * One builtin: vpdpbusd with AVX-VNNI, sdot on ARM.
 * @param a one i8 A panel, 16 bytes a step
 * @param b [k4][8][4], 0 … 127
 * @param k4 steps of four k
 * @param correction i32[4]
 */
export function mk_i7_4x8_dot(a: usize, b: usize, c: usize, ld: usize, k4: i32, correction: usize): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    let c00 = v128.load(correction), c10 = turn1(c00), c20 = turn2(c00), c30 = turn3(c00), c01 = c00, c11 = c10, c21 = c20, c31 = c30;
    for (const end = a + (<usize>k4 << 4); a < end; a += 16, b += 32) {
      const b0 = v128.load(b), b1 = v128.load(b, 16), a0 = v128.load(a);
      c00 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a0, b0, c00);
      c01 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a0, b1, c01);
      const a1 = turn1(a0);
      c10 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a1, b0, c10);
      c11 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a1, b1, c11);
      const a2 = turn2(a0);
      c20 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a2, b0, c20);
      c21 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a2, b1, c21);
      const a3 = turn3(a0);
      c30 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a3, b0, c30);
      c31 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a3, b1, c31);
    }
    store_rows_i32(c, ld, c00, c10, c20, c30, 0);
    store_rows_i32(c + 16, ld, c01, c11, c21, c31, 0);
  }
}

/**
 * c[4][8] = 2·(correction[row] + A·H) + A·L: full i8 weights as seven high bits H and one low bit L, both legal second operands.
 * @param b H [k4][8][4] (0 … 127), then L [k4][8][4] (0 … 1)
 */
export function mk_i8_4x8_dot2(a: usize, b: usize, c: usize, ld: usize, k4: i32, correction: usize): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    let c00 = v128.load(correction), c10 = turn1(c00), c20 = turn2(c00), c30 = turn3(c00), c01 = c00, c11 = c10, c21 = c20, c31 = c30;
    const end = a + (<usize>k4 << 4);
    for (let p = a; p < end; p += 16, b += 32) {
      const b0 = v128.load(b), b1 = v128.load(b, 16), a0 = v128.load(p);
      c00 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a0, b0, c00);
      c01 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a0, b1, c01);
      const a1 = turn1(a0);
      c10 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a1, b0, c10);
      c11 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a1, b1, c11);
      const a2 = turn2(a0);
      c20 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a2, b0, c20);
      c21 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a2, b1, c21);
      const a3 = turn3(a0);
      c30 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a3, b0, c30);
      c31 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a3, b1, c31);
    }
    c00 = i32x4.add(c00, c00), c01 = i32x4.add(c01, c01), c10 = i32x4.add(c10, c10), c11 = i32x4.add(c11, c11);
    c20 = i32x4.add(c20, c20), c21 = i32x4.add(c21, c21), c30 = i32x4.add(c30, c30), c31 = i32x4.add(c31, c31);
    for (let p = a; p < end; p += 16, b += 32) {
      const b0 = v128.load(b), b1 = v128.load(b, 16), a0 = v128.load(p);
      c00 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a0, b0, c00);
      c01 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a0, b1, c01);
      const a1 = turn1(a0);
      c10 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a1, b0, c10);
      c11 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a1, b1, c11);
      const a2 = turn2(a0);
      c20 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a2, b0, c20);
      c21 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a2, b1, c21);
      const a3 = turn3(a0);
      c30 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a3, b0, c30);
      c31 = i32x4.relaxed_dot_i8x16_i7x16_add_s(a3, b1, c31);
    }
    store_rows_i32(c, ld, c00, c10, c20, c30, 0);
    store_rows_i32(c + 16, ld, c01, c11, c21, c31, 0);
  }
}

/**
 * c[4][8] = 128·(H·W) + L·W + rows[row] + columns[column], activations as two digits of seven bits: the weights are the signed operand.
 * @param a H [k4] (0 … 127), 16 bytes a step, then L [k4] (0 … 127)
 * @param b W [k4][8][4], any i8
 * @param rows i32[4]
 * @param columns i32[8]
 */
export function mk_i14_4x8_dot2(a: usize, b: usize, c: usize, ld: usize, k4: i32, rows: usize, columns: usize): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    let c00 = i32x4.splat(0), c10 = c00, c20 = c00, c30 = c00, c01 = c00, c11 = c00, c21 = c00, c31 = c00;
    const end = a + (<usize>k4 << 4);
    for (let q = b; a < end; a += 16, q += 32) {
      const b0 = v128.load(q), b1 = v128.load(q, 16), a0 = v128.load(a);
      c00 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b0, a0, c00);
      c01 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b1, a0, c01);
      const a1 = turn1(a0);
      c10 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b0, a1, c10);
      c11 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b1, a1, c11);
      const a2 = turn2(a0);
      c20 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b0, a2, c20);
      c21 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b1, a2, c21);
      const a3 = turn3(a0);
      c30 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b0, a3, c30);
      c31 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b1, a3, c31);
    }
    const r0 = v128.load(rows), r1 = turn1(r0), r2 = turn2(r0), r3 = turn3(r0), d0 = v128.load(columns), d1 = v128.load(columns, 16);
    c00 = i32x4.add(i32x4.shl(c00, 7), i32x4.add(r0, d0)), c01 = i32x4.add(i32x4.shl(c01, 7), i32x4.add(r0, d1));
    c10 = i32x4.add(i32x4.shl(c10, 7), i32x4.add(r1, d0)), c11 = i32x4.add(i32x4.shl(c11, 7), i32x4.add(r1, d1));
    c20 = i32x4.add(i32x4.shl(c20, 7), i32x4.add(r2, d0)), c21 = i32x4.add(i32x4.shl(c21, 7), i32x4.add(r2, d1));
    c30 = i32x4.add(i32x4.shl(c30, 7), i32x4.add(r3, d0)), c31 = i32x4.add(i32x4.shl(c31, 7), i32x4.add(r3, d1));
    for (const last = end + (<usize>k4 << 4); a < last; a += 16, b += 32) {
      const b0 = v128.load(b), b1 = v128.load(b, 16), a0 = v128.load(a);
      c00 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b0, a0, c00);
      c01 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b1, a0, c01);
      const a1 = turn1(a0);
      c10 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b0, a1, c10);
      c11 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b1, a1, c11);
      const a2 = turn2(a0);
      c20 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b0, a2, c20);
      c21 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b1, a2, c21);
      const a3 = turn3(a0);
      c30 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b0, a3, c30);
      c31 = i32x4.relaxed_dot_i8x16_i7x16_add_s(b1, a3, c31);
    }
    store_rows_i32(c, ld, c00, c10, c20, c30, 0);
    store_rows_i32(c + 16, ld, c01, c11, c21, c31, 0);
  }
}

/** What the accumulators of `mk_f32_4x8` start with: zero, the tile's rows, or what `end_raw` left in the tile. */
export const ZERO: i32 = 0, ROWS: i32 = 1, RAW: i32 = 2;

/**
 * c[4][8] = start + A·B in f32: for each element one accumulator, k ascending, multiply and add each rounded.
 * @param a one doubled f32 A panel, 32 bytes a step
 * @param b one f32 B panel [k][8]
 * @param c, ld the tile and its row stride in bytes
 * @param end_raw leave the accumulators as they are, diagonals of the tile, for the next block of k
 */
export function mk_f32_4x8(a: usize, b: usize, c: usize, ld: usize, k: i32, start: i32, end_raw: bool): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  if (start == RAW) {
    let p = c;
    c00 = v128.load(p), c01 = v128.load(p, 16);
    p += ld;
    c10 = v128.load(p), c11 = v128.load(p, 16);
    p += ld;
    c20 = v128.load(p), c21 = v128.load(p, 16);
    p += ld;
    c30 = v128.load(p), c31 = v128.load(p, 16);
  } else if (start == ROWS) {
    let p = c;
    const r0 = v128.load(p), s0 = v128.load(p, 16);
    p += ld;
    const r1 = v128.load(p), s1 = v128.load(p, 16);
    p += ld;
    const r2 = v128.load(p), s2 = v128.load(p, 16);
    p += ld;
    const r3 = v128.load(p), s3 = v128.load(p, 16);
    const e = even(r0, r1), f = even(r2, r3), g = even(r1, r2), h = even(r3, r0);
    c00 = halves(e, f), c10 = halves(g, h), c20 = halves(f, e), c30 = halves(h, g);
    const e1 = even(s0, s1), f1 = even(s2, s3), g1 = even(s1, s2), h1 = even(s3, s0);
    c01 = halves(e1, f1), c11 = halves(g1, h1), c21 = halves(f1, e1), c31 = halves(h1, g1);
  }
  // Two of the three rotations of A are loads from the doubled panel, the third is a shuffle: multiply, add and
  // shuffle share three ports, loads do not. Four steps a turn are a few percent faster than one.
  let b0: v128, b1: v128, a0: v128, t: v128;
  const end = a + (<usize>k << 5);
  for (const most = a + ((<usize>k & ~3) << 5); a < most; a += 128, b += 128) {
    b0 = v128.load(b), b1 = v128.load(b, 16), a0 = v128.load(a);
    c00 = f32x4.add(c00, f32x4.mul(a0, b0)), c01 = f32x4.add(c01, f32x4.mul(a0, b1));
    t = v128.load(a, 4);
    c10 = f32x4.add(c10, f32x4.mul(t, b0)), c11 = f32x4.add(c11, f32x4.mul(t, b1));
    t = v128.load(a, 8);
    c20 = f32x4.add(c20, f32x4.mul(t, b0)), c21 = f32x4.add(c21, f32x4.mul(t, b1));
    t = turn3(a0);
    c30 = f32x4.add(c30, f32x4.mul(t, b0)), c31 = f32x4.add(c31, f32x4.mul(t, b1));
    b0 = v128.load(b, 32), b1 = v128.load(b, 48), a0 = v128.load(a, 32);
    c00 = f32x4.add(c00, f32x4.mul(a0, b0)), c01 = f32x4.add(c01, f32x4.mul(a0, b1));
    t = v128.load(a, 36);
    c10 = f32x4.add(c10, f32x4.mul(t, b0)), c11 = f32x4.add(c11, f32x4.mul(t, b1));
    t = v128.load(a, 40);
    c20 = f32x4.add(c20, f32x4.mul(t, b0)), c21 = f32x4.add(c21, f32x4.mul(t, b1));
    t = turn3(a0);
    c30 = f32x4.add(c30, f32x4.mul(t, b0)), c31 = f32x4.add(c31, f32x4.mul(t, b1));
    b0 = v128.load(b, 64), b1 = v128.load(b, 80), a0 = v128.load(a, 64);
    c00 = f32x4.add(c00, f32x4.mul(a0, b0)), c01 = f32x4.add(c01, f32x4.mul(a0, b1));
    t = v128.load(a, 68);
    c10 = f32x4.add(c10, f32x4.mul(t, b0)), c11 = f32x4.add(c11, f32x4.mul(t, b1));
    t = v128.load(a, 72);
    c20 = f32x4.add(c20, f32x4.mul(t, b0)), c21 = f32x4.add(c21, f32x4.mul(t, b1));
    t = turn3(a0);
    c30 = f32x4.add(c30, f32x4.mul(t, b0)), c31 = f32x4.add(c31, f32x4.mul(t, b1));
    b0 = v128.load(b, 96), b1 = v128.load(b, 112), a0 = v128.load(a, 96);
    c00 = f32x4.add(c00, f32x4.mul(a0, b0)), c01 = f32x4.add(c01, f32x4.mul(a0, b1));
    t = v128.load(a, 100);
    c10 = f32x4.add(c10, f32x4.mul(t, b0)), c11 = f32x4.add(c11, f32x4.mul(t, b1));
    t = v128.load(a, 104);
    c20 = f32x4.add(c20, f32x4.mul(t, b0)), c21 = f32x4.add(c21, f32x4.mul(t, b1));
    t = turn3(a0);
    c30 = f32x4.add(c30, f32x4.mul(t, b0)), c31 = f32x4.add(c31, f32x4.mul(t, b1));
  }
  for (; a < end; a += 32, b += 32) {
    b0 = v128.load(b), b1 = v128.load(b, 16), a0 = v128.load(a);
    c00 = f32x4.add(c00, f32x4.mul(a0, b0)), c01 = f32x4.add(c01, f32x4.mul(a0, b1));
    t = v128.load(a, 4);
    c10 = f32x4.add(c10, f32x4.mul(t, b0)), c11 = f32x4.add(c11, f32x4.mul(t, b1));
    t = v128.load(a, 8);
    c20 = f32x4.add(c20, f32x4.mul(t, b0)), c21 = f32x4.add(c21, f32x4.mul(t, b1));
    t = turn3(a0);
    c30 = f32x4.add(c30, f32x4.mul(t, b0)), c31 = f32x4.add(c31, f32x4.mul(t, b1));
  }
  if (end_raw) {
    v128.store(c, c00);
    v128.store(c, c01, 16);
    c += ld;
    v128.store(c, c10);
    v128.store(c, c11, 16);
    c += ld;
    v128.store(c, c20);
    v128.store(c, c21, 16);
    c += ld;
    v128.store(c, c30);
    v128.store(c, c31, 16);
    return;
  }
  store_rows_f32(c, ld, c00, c10, c20, c30);
  store_rows_f32(c + 16, ld, c01, c11, c21, c31);
}

// @ts-ignore: decorator
@inline function madd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(c, f32x4.mul(a, b));
}

/** As `mk_f32_4x8`, but multiply and add may be one rounding (relaxed build). A panel undoubled, 16 bytes a step. */
export function mk_f32_4x8_fast(a: usize, b: usize, c: usize, ld: usize, k: i32, accumulate: i32): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  if (accumulate) {
    let p = c;
    const r0 = v128.load(p), s0 = v128.load(p, 16);
    p += ld;
    const r1 = v128.load(p), s1 = v128.load(p, 16);
    p += ld;
    const r2 = v128.load(p), s2 = v128.load(p, 16);
    p += ld;
    const r3 = v128.load(p), s3 = v128.load(p, 16);
    const e = even(r0, r1), f = even(r2, r3), g = even(r1, r2), h = even(r3, r0);
    c00 = halves(e, f), c10 = halves(g, h), c20 = halves(f, e), c30 = halves(h, g);
    const e1 = even(s0, s1), f1 = even(s2, s3), g1 = even(s1, s2), h1 = even(s3, s0);
    c01 = halves(e1, f1), c11 = halves(g1, h1), c21 = halves(f1, e1), c31 = halves(h1, g1);
  }
  for (const end = a + (<usize>k << 4); a < end; a += 16, b += 32) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), a0 = v128.load(a);
    c00 = madd(a0, b0, c00);
    c01 = madd(a0, b1, c01);
    const a1 = turn1(a0);
    c10 = madd(a1, b0, c10);
    c11 = madd(a1, b1, c11);
    const a2 = turn2(a0);
    c20 = madd(a2, b0, c20);
    c21 = madd(a2, b1, c21);
    const a3 = turn3(a0);
    c30 = madd(a3, b0, c30);
    c31 = madd(a3, b1, c31);
  }
  store_rows_f32(c, ld, c00, c10, c20, c30);
  store_rows_f32(c + 16, ld, c01, c11, c21, c31);
}
