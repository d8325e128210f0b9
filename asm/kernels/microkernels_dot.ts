// The inner loops of the GEMMs on the dot product (dot.ts). One operand is signed bytes, the other what the form allows: which of the two
// weights and activations are is all that differs. A second pass serves activations of two digits: the sums of the first are multiplied by a
// power of two and the lower digits are added.
//
// Tiles. 4×8 turns A as in microkernels.ts. 6×8 has twelve accumulators: vpdpbusd takes four or five cycles to return and two begin in
// each, so that eight cannot keep it busy. It turns four of its rows and splats two, which is what 15 registers of V8 have room for: every load
// costs two or three instructions more where a host checks bounds in software, as Deno does (RATIONALE.md). It is not for hosts that make the
// dot product of three instructions and two registers more; they have the form `seven`.
//
// Floats in mk_x_4x8, store_scaled: what a row's factor makes of exact sums is float32 by description (gemm_t2.ts).
// Exactness: every operand is within what the form says of it, each lane is exact modulo 2^32, and so are the shift and the sums.
import { dot, dot_pairs } from "./dot";
import { even, halves, store_rows_i32, turn1, turn2, turn3 } from "./microkernels";

/** Four accumulators of a row as elements of y: fl(fl(z)·factor) [+ identity]. */
// @ts-ignore: decorator
@inline
function store_scaled_row(to: usize, z: v128, f: v128, identity: usize): void {
  const v = f32x4.mul(f32x4.convert_i32x4_s(z), f);
  v128.store(to, identity ? f32x4.add(v, v128.load(identity)) : v);
}

/** One 4×4 block of diagonals as scaled rows of y; factors of the rows at `factors`. */
function store_scaled(
  to: usize,
  ld: usize,
  v0: v128,
  v1: v128,
  v2: v128,
  v3: v128,
  factors: usize,
  identity: usize,
  ldi: usize,
): void {
  const e = even(v0, v3), g = even(v2, v1), h = even(v1, v0), i = even(v3, v2);
  store_scaled_row(to, halves(e, g), v128.load32_splat(factors), identity);
  to += ld, identity += ldi;
  store_scaled_row(to, halves(h, i), v128.load32_splat(factors, 4), identity);
  to += ld, identity += ldi;
  store_scaled_row(to, halves(g, e), v128.load32_splat(factors, 8), identity);
  to += ld, identity += ldi;
  store_scaled_row(to, halves(i, h), v128.load32_splat(factors, 12), identity);
}

/** c + a·b by pairs. */
// @ts-ignore: decorator
@inline
function add_pairs(a: v128, b: v128, ones: v128, c: v128): v128 {
  return i32x4.add(c, i32x4.dot_i16x8_s(dot_pairs(a, b), ones));
}

/**
 * c[4][8] = rows[row] + X·W; with `factors` elements of y in float32. X is the signed operand.
 * @param a one i8 A panel of 4 rows, 16 bytes a step
 * @param b W [k4][8][4], 0 … 127
 * @param k4 steps of four k
 * @param most 0: by the dot product. Else by pairs of products, which is quicker where that is three instructions: 1 for codes whose pairs fill 16 bits,
 * or so many steps as 16 bits hold the sums of
 * @param rows i32[4]
 * @param factors f32[4] or 0
 * @param identity element (0, 0) of the tile, rows `ldi` bytes apart, or 0 and 0; only with factors
 */
export function mk_x_4x8(
  a: usize,
  b: usize,
  c: usize,
  ld: usize,
  k4: i32,
  most: i32,
  rows: usize,
  factors: usize,
  identity: usize,
  ldi: usize,
): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    let c00 = v128.load(rows),
      c10 = turn1(c00),
      c20 = turn2(c00),
      c30 = turn3(c00),
      c01 = c00,
      c11 = c10,
      c21 = c20,
      c31 = c30;
    if (!most) {
      // a counter of its own is 1 % faster than the address
      for (; k4 > 0; k4--, a += 16, b += 32) {
        const b0 = v128.load(b), b1 = v128.load(b, 16), a0 = v128.load(a);
        c00 = dot(a0, b0, c00);
        c01 = dot(a0, b1, c01);
        const a1 = turn1(a0);
        c10 = dot(a1, b0, c10);
        c11 = dot(a1, b1, c11);
        const a2 = turn2(a0);
        c20 = dot(a2, b0, c20);
        c21 = dot(a2, b1, c21);
        const a3 = turn3(a0);
        c30 = dot(a3, b0, c30);
        c31 = dot(a3, b1, c31);
      }
    } else if (most == 1) {
      const ones = i16x8.splat(1);
      for (; k4 > 0; k4--, a += 16, b += 32) {
        const b0 = v128.load(b), b1 = v128.load(b, 16), a0 = v128.load(a);
        c00 = add_pairs(a0, b0, ones, c00);
        c01 = add_pairs(a0, b1, ones, c01);
        const a1 = turn1(a0);
        c10 = add_pairs(a1, b0, ones, c10);
        c11 = add_pairs(a1, b1, ones, c11);
        const a2 = turn2(a0);
        c20 = add_pairs(a2, b0, ones, c20);
        c21 = add_pairs(a2, b1, ones, c21);
        const a3 = turn3(a0);
        c30 = add_pairs(a3, b0, ones, c30);
        c31 = add_pairs(a3, b1, ones, c31);
      }
    } else {
      for (; k4 > 0; k4 -= most) {
        let d00 = i32x4.splat(0),
          d01 = d00,
          d10 = d00,
          d11 = d00,
          d20 = d00,
          d21 = d00,
          d30 = d00,
          d31 = d00;
        for (const end = a + (<usize> min(k4, most) << 4); a < end; a += 16, b += 32) {
          const b0 = v128.load(b), b1 = v128.load(b, 16), a0 = v128.load(a);
          d00 = i16x8.add(d00, dot_pairs(a0, b0));
          d01 = i16x8.add(d01, dot_pairs(a0, b1));
          const a1 = turn1(a0);
          d10 = i16x8.add(d10, dot_pairs(a1, b0));
          d11 = i16x8.add(d11, dot_pairs(a1, b1));
          const a2 = turn2(a0);
          d20 = i16x8.add(d20, dot_pairs(a2, b0));
          d21 = i16x8.add(d21, dot_pairs(a2, b1));
          const a3 = turn3(a0);
          d30 = i16x8.add(d30, dot_pairs(a3, b0));
          d31 = i16x8.add(d31, dot_pairs(a3, b1));
        }
        c00 = i32x4.add(c00, i32x4.extadd_pairwise_i16x8_s(d00));
        c01 = i32x4.add(c01, i32x4.extadd_pairwise_i16x8_s(d01));
        c10 = i32x4.add(c10, i32x4.extadd_pairwise_i16x8_s(d10));
        c11 = i32x4.add(c11, i32x4.extadd_pairwise_i16x8_s(d11));
        c20 = i32x4.add(c20, i32x4.extadd_pairwise_i16x8_s(d20));
        c21 = i32x4.add(c21, i32x4.extadd_pairwise_i16x8_s(d21));
        c30 = i32x4.add(c30, i32x4.extadd_pairwise_i16x8_s(d30));
        c31 = i32x4.add(c31, i32x4.extadd_pairwise_i16x8_s(d31));
      }
    }
    if (factors) {
      store_scaled(c, ld, c00, c10, c20, c30, factors, identity, ldi);
      store_scaled(c + 16, ld, c01, c11, c21, c31, factors, identity ? identity + 16 : 0, ldi);
    } else {
      store_rows_i32(c, ld, c00, c10, c20, c30, 0);
      store_rows_i32(c + 16, ld, c01, c11, c21, c31, 0);
    }
  }
}

/**
 * c[4][8] = rows[row] + columns[column] + W·X, or with digits … + 2^shift·(W·H) + W·L. W is the signed operand.
 * @param a X, one A panel of 4 rows, 16 bytes a step; or H, then L
 * @param b W [k4][8][4], any i8
 * @param shift 0: no digits
 * @param rows i32[4]
 * @param columns i32[8]
 */
export function mk_w_4x8(
  a: usize,
  b: usize,
  c: usize,
  ld: usize,
  k4: i32,
  shift: i32,
  rows: usize,
  columns: usize,
): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    let c00 = i32x4.splat(0),
      c10 = c00,
      c20 = c00,
      c30 = c00,
      c01 = c00,
      c11 = c00,
      c21 = c00,
      c31 = c00;
    const size = <usize> k4 << 4;
    let end = a + size;
    while (true) {
      for (let q = b; a < end; a += 16, q += 32) {
        const b0 = v128.load(q), b1 = v128.load(q, 16), a0 = v128.load(a);
        c00 = dot(b0, a0, c00);
        c01 = dot(b1, a0, c01);
        const a1 = turn1(a0);
        c10 = dot(b0, a1, c10);
        c11 = dot(b1, a1, c11);
        const a2 = turn2(a0);
        c20 = dot(b0, a2, c20);
        c21 = dot(b1, a2, c21);
        const a3 = turn3(a0);
        c30 = dot(b0, a3, c30);
        c31 = dot(b1, a3, c31);
      }
      if (!shift) break;
      c00 = i32x4.shl(c00, shift);
      c10 = i32x4.shl(c10, shift);
      c20 = i32x4.shl(c20, shift);
      c30 = i32x4.shl(c30, shift);
      c01 = i32x4.shl(c01, shift);
      c11 = i32x4.shl(c11, shift);
      c21 = i32x4.shl(c21, shift);
      c31 = i32x4.shl(c31, shift);
      shift = 0;
      end += size;
    }
    const r0 = v128.load(rows), d0 = v128.load(columns), d1 = v128.load(columns, 16);
    const r1 = turn1(r0), r2 = turn2(r0), r3 = turn3(r0);
    c00 = i32x4.add(c00, i32x4.add(r0, d0));
    c01 = i32x4.add(c01, i32x4.add(r0, d1));
    c10 = i32x4.add(c10, i32x4.add(r1, d0));
    c11 = i32x4.add(c11, i32x4.add(r1, d1));
    c20 = i32x4.add(c20, i32x4.add(r2, d0));
    c21 = i32x4.add(c21, i32x4.add(r2, d1));
    c30 = i32x4.add(c30, i32x4.add(r3, d0));
    c31 = i32x4.add(c31, i32x4.add(r3, d1));
    store_rows_i32(c, ld, c00, c10, c20, c30, 0);
    store_rows_i32(c + 16, ld, c01, c11, c21, c31, 0);
  }
}

// @ts-ignore: decorator
@inline
function store_row(c: usize, row: usize, v0: v128, v1: v128, d0: v128, d1: v128): void {
  const r = v128.load32_splat(row);
  v128.store(c, i32x4.add(v0, i32x4.add(r, d0)));
  v128.store(c, i32x4.add(v1, i32x4.add(r, d1)), 16);
}

/** `mk_w_4x8` of 6 rows: A panels have 24 bytes a step. */
export function mk_w_6x8(
  a: usize,
  b: usize,
  c: usize,
  ld: usize,
  k4: i32,
  shift: i32,
  rows: usize,
  columns: usize,
): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    let c00 = i32x4.splat(0),
      c01 = c00,
      c10 = c00,
      c11 = c00,
      c20 = c00,
      c21 = c00,
      c30 = c00,
      c31 = c00,
      c40 = c00,
      c41 = c00,
      c50 = c00,
      c51 = c00;
    const end = b + (<usize> k4 << 5), even = b + (<usize> (k4 & ~1) << 5);
    while (true) {
      let q = b, x = c00;
      for (; q < even; q += 64, a += 48) {
        const b0 = v128.load(q, 0), b1 = v128.load(q, 16);
        x = v128.load(a, 0);
        c00 = dot(b0, x, c00);
        c01 = dot(b1, x, c01);
        x = turn1(x);
        c10 = dot(b0, x, c10);
        c11 = dot(b1, x, c11);
        x = turn1(x);
        c20 = dot(b0, x, c20);
        c21 = dot(b1, x, c21);
        x = turn1(x);
        c30 = dot(b0, x, c30);
        c31 = dot(b1, x, c31);
        x = v128.load32_splat(a, 16);
        c40 = dot(b0, x, c40);
        c41 = dot(b1, x, c41);
        x = v128.load32_splat(a, 20);
        c50 = dot(b0, x, c50);
        c51 = dot(b1, x, c51);
        const d0 = v128.load(q, 32), d1 = v128.load(q, 48);
        x = v128.load(a, 24);
        c00 = dot(d0, x, c00);
        c01 = dot(d1, x, c01);
        x = turn1(x);
        c10 = dot(d0, x, c10);
        c11 = dot(d1, x, c11);
        x = turn1(x);
        c20 = dot(d0, x, c20);
        c21 = dot(d1, x, c21);
        x = turn1(x);
        c30 = dot(d0, x, c30);
        c31 = dot(d1, x, c31);
        x = v128.load32_splat(a, 40);
        c40 = dot(d0, x, c40);
        c41 = dot(d1, x, c41);
        x = v128.load32_splat(a, 44);
        c50 = dot(d0, x, c50);
        c51 = dot(d1, x, c51);
      }
      if (q < end) {
        const b0 = v128.load(q, 0), b1 = v128.load(q, 16);
        x = v128.load(a, 0);
        c00 = dot(b0, x, c00);
        c01 = dot(b1, x, c01);
        x = turn1(x);
        c10 = dot(b0, x, c10);
        c11 = dot(b1, x, c11);
        x = turn1(x);
        c20 = dot(b0, x, c20);
        c21 = dot(b1, x, c21);
        x = turn1(x);
        c30 = dot(b0, x, c30);
        c31 = dot(b1, x, c31);
        x = v128.load32_splat(a, 16);
        c40 = dot(b0, x, c40);
        c41 = dot(b1, x, c41);
        x = v128.load32_splat(a, 20);
        c50 = dot(b0, x, c50);
        c51 = dot(b1, x, c51);
        a += 24;
      }
      if (!shift) break;
      c00 = i32x4.shl(c00, shift);
      c01 = i32x4.shl(c01, shift);
      c10 = i32x4.shl(c10, shift);
      c11 = i32x4.shl(c11, shift);
      c20 = i32x4.shl(c20, shift);
      c21 = i32x4.shl(c21, shift);
      c30 = i32x4.shl(c30, shift);
      c31 = i32x4.shl(c31, shift);
      c40 = i32x4.shl(c40, shift);
      c41 = i32x4.shl(c41, shift);
      c50 = i32x4.shl(c50, shift);
      c51 = i32x4.shl(c51, shift);
      shift = 0;
    }
    const r = v128.load(rows), d0 = v128.load(columns), d1 = v128.load(columns, 16);
    const r1 = turn1(r), r2 = turn2(r), r3 = turn3(r);
    c00 = i32x4.add(c00, i32x4.add(r, d0));
    c01 = i32x4.add(c01, i32x4.add(r, d1));
    c10 = i32x4.add(c10, i32x4.add(r1, d0));
    c11 = i32x4.add(c11, i32x4.add(r1, d1));
    c20 = i32x4.add(c20, i32x4.add(r2, d0));
    c21 = i32x4.add(c21, i32x4.add(r2, d1));
    c30 = i32x4.add(c30, i32x4.add(r3, d0));
    c31 = i32x4.add(c31, i32x4.add(r3, d1));
    store_rows_i32(c, ld, c00, c10, c20, c30, 0);
    store_rows_i32(c + 16, ld, c01, c11, c21, c31, 0);
    c += ld << 2;
    store_row(c, rows + 16, c40, c41, d0, d1);
    store_row(c + ld, rows + 20, c50, c51, d0, d1);
  }
}
