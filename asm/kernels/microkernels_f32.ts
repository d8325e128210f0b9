// The inner loops over float32. Tiles are kept as diagonals, as in microkernels.ts.
import { even, halves, turn1, turn2, turn3 } from "./microkernels";

// @ts-ignore: decorator
@inline
function store_rows_f32(to: usize, ld: usize, v0: v128, v1: v128, v2: v128, v3: v128): void {
  const e = even(v0, v3), f = even(v2, v1), g = even(v1, v0), h = even(v3, v2);
  v128.store(to, halves(e, f));
  to += ld;
  v128.store(to, halves(g, h));
  to += ld;
  v128.store(to, halves(f, e));
  to += ld;
  v128.store(to, halves(h, g));
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
export function mk_f32_4x8(
  a: usize,
  b: usize,
  c: usize,
  ld: usize,
  k: i32,
  start: i32,
  end_raw: bool,
): void {
  let c00 = f32x4.splat(0),
    c01 = c00,
    c10 = c00,
    c11 = c00,
    c20 = c00,
    c21 = c00,
    c30 = c00,
    c31 = c00;
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
  // Of the rotations of A the middle one is a load from the doubled panel and two are shuffles: multiply, add and shuffle share ports,
  // and V8 checks the bounds of each load. One step a turn, which V8 unrolls: bounds of more than four offsets leave the registers.
  for (const end = a + (<usize> k << 5); a < end; a += 32, b += 32) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), a0 = v128.load(a);
    c00 = f32x4.add(c00, f32x4.mul(a0, b0)), c01 = f32x4.add(c01, f32x4.mul(a0, b1));
    const a1 = turn1(a0);
    c10 = f32x4.add(c10, f32x4.mul(a1, b0)), c11 = f32x4.add(c11, f32x4.mul(a1, b1));
    const a2 = v128.load(a, 8);
    c20 = f32x4.add(c20, f32x4.mul(a2, b0)), c21 = f32x4.add(c21, f32x4.mul(a2, b1));
    const a3 = turn3(a0);
    c30 = f32x4.add(c30, f32x4.mul(a3, b0)), c31 = f32x4.add(c31, f32x4.mul(a3, b1));
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
@inline
function madd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(c, f32x4.mul(a, b));
}

/** As `mk_f32_4x8`, but multiply and add may be one rounding (relaxed build). A panel undoubled, 16 bytes a step. */
export function mk_f32_4x8_fast(
  a: usize,
  b: usize,
  c: usize,
  ld: usize,
  k: i32,
  accumulate: i32,
): void {
  let c00 = f32x4.splat(0),
    c01 = c00,
    c10 = c00,
    c11 = c00,
    c20 = c00,
    c21 = c00,
    c30 = c00,
    c31 = c00;
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
  for (const end = a + (<usize> k << 4); a < end; a += 16, b += 32) {
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

/** Bytes of a step of four rows of A for `mk_train_4x8`, as a shift. */
export const TRAIN_STEP_SHIFT: i32 = ASC_FEATURE_RELAXED_SIMD ? 4 : 5;

/**
 * The tile of instructions that only the modules for training have: `mk_f32_4x8`, and in the relaxed one, train-fast, which is asked
 * for by name, `mk_f32_4x8_fast`.
 */
export function mk_train_4x8(
  a: usize,
  b: usize,
  c: usize,
  ld: usize,
  k: i32,
  start: i32,
  end_raw: bool,
): void {
  if (ASC_FEATURE_RELAXED_SIMD) mk_f32_4x8_fast(a, b, c, ld, k, start);
  else mk_f32_4x8(a, b, c, ld, k, start, end_raw);
}
