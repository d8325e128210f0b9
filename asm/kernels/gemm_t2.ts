// gemm_i8_t2_4x8: y = X · Tᵀ, X i8 [m][k], T trits [n][k] in panels of 2-bit codes [⌈n/8⌉][⌈k/16⌉][8][4] (panel_8x16_t2).
//
//   y[r][c] = acc                                                i32, where there is no alpha
//   y[r][c] = fl(fl(acc)·fl(scale/alpha[r])) [+ identity[r][c]]   f32
//
// acc is exact modulo 2^32 (microkernels_t2.ts has the bounds), so every form below gives the same bits:
//   many rows   each panel is unpacked once for a block of rows, to bytes of code + 0 (relaxed: Σ x·code − Σ x, by the dot builtin where
//               `tune` is 1, else in i16 accumulators) or to i16 trits (simd: i16 products)
//   few rows    GEMV on the packed codes, a panel at a time, which stays in L1 for the next row

import { align, tune } from "./gemm_i8";
import { mk_i16_4x8 } from "./microkernels";
import { mk_t2_1x8, mk_t2_1x8_dot, mk_t2_1x8_i16, mk_t2_4x8_dot, mk_t2_4x8_i16, scaled } from "./microkernels_t2";
import { mask_first, pack_a_i8, pack_a_i8_i16, widen_panel } from "./pack";
import { store_first } from "./tail";

/** Rows up to which the GEMV form wins, and the k up to which its i32 accumulators, scaled by 16, hold. */
const FEW_ROWS: i32 = 3, FEW_K: i32 = 1 << 20;
/** Bytes given to A panels, and the most rows of a block. */
const A_BYTES: i32 = 1 << 19, BLOCK_ROWS: i32 = 256;
/** Bytes of an A panel for one element; without relaxed SIMD they hold i16, twice. */
const A_UNIT: i32 = ASC_FEATURE_RELAXED_SIMD ? 1 : 4;
/** Steps of 4 k after which i16 accumulators are flushed. */
const I16_STEPS: i32 = 64;
/** Widest panel kept as i16, in k: 16 bytes each in L1. */
const WIDE_K: i32 = 1536;

/** Most rows of a block: a multiple of 4. */
// @ts-ignore: decorator
@inline function most_rows(k16: i32): i32 {
  return min(max(A_BYTES / (A_UNIT * k16), 4), BLOCK_ROWS) & ~3;
}

/** Bytes of scratch: less than 56 for each k, and a constant. No smaller m asks for more. */
export function gemm_t2_scratch(m: i32, k: i32): usize {
  const k16 = (k + 15) & ~15;
  const rows = min(most_rows(k16), (m + 3) & ~3);
  return <usize>rows * 40 + <usize>k16 * <usize>(max(rows * A_UNIT, 4 * min(m, FEW_ROWS)) + (ASC_FEATURE_RELAXED_SIMD ? 8 : 24)) + 512;
}

/** See the head of the file. `alpha` and `identity` may be 0, and `ldi` then is 0 too; strides are in bytes. */
export function gemm_t2(
  x: usize, ldx: usize, m: i32, k: i32, panels: usize, n: i32, y: usize, ldy: usize,
  alpha: usize, ld_alpha: usize, scale: f32, identity: usize, ldi: usize, scratch: usize,
): void {
  const k16 = (k + 15) & ~15, most = most_rows(k16), blocks = (m + most - 1) / most;
  const block = ((m + blocks - 1) / blocks + 3) & ~3;
  const strip = align(scratch), corrections = strip + (<usize>block << 5), factors = corrections + (<usize>block << 2);
  const a = align(factors + (<usize>block << 2));
  const few = m <= FEW_ROWS && k <= FEW_K;
  const b = align(a + (few ? 0 : <usize>block * <usize>(k16 * A_UNIT)));
  for (let i0 = 0; i0 < m; i0 += block) {
    const rows = min(block, m - i0);
    if (alpha) {
      for (let r = 0; r < rows; r++) {
        store<f32>(factors + (<usize>r << 2), scale / load<f32>(alpha + <usize>(i0 + r) * ld_alpha));
      }
    }
    const from = x + <usize>i0 * ldx, to = y + <usize>i0 * ldy, f = alpha ? factors : 0, other = identity ? identity + <usize>i0 * ldi : 0;
    if (few) few_rows(from, ldx, rows, k, panels, n, to, ldy, strip, corrections, f, other, ldi, a);
    else if (!ASC_FEATURE_RELAXED_SIMD) wide_rows(from, ldx, rows, k, panels, n, to, ldy, strip, f, other, ldi, a, b);
    else if (tune) dot_rows(from, ldx, rows, k, panels, n, to, ldy, strip, corrections, f, other, ldi, a, b);
    else i16_rows(from, ldx, rows, k, panels, n, to, ldy, strip, corrections, f, other, ldi, a, b);
  }
}

// 3 in every byte
const MASK: usize = memory.data<u8>([3]);

/** Groups of 2-bit codes → bytes [k/4][8][4]. */
function unpack_panel(panel: usize, groups: i32, to: usize): void {
  const mask = v128.load8_splat(MASK);
  for (const end = panel + (<usize>groups << 5); panel < end; panel += 32, to += 128) {
    let v0 = v128.load(panel), v1 = v128.load(panel, 16);
    v128.store(to, v128.and(v0, mask));
    v128.store(to, v128.and(v1, mask), 16);
    v128.store(to, v128.and(i16x8.shr_u(v0, 2), mask), 32);
    v128.store(to, v128.and(i16x8.shr_u(v1, 2), mask), 48);
    v0 = i16x8.shr_u(v0, 4);
    v1 = i16x8.shr_u(v1, 4);
    v128.store(to, v128.and(v0, mask), 64);
    v128.store(to, v128.and(v1, mask), 80);
    v128.store(to, v128.and(i16x8.shr_u(v0, 2), mask), 96);
    v128.store(to, v128.and(i16x8.shr_u(v1, 2), mask), 112);
  }
}

/** Accumulators of one panel, i32 [rows][8] in the strip, as elements of y. `corrections` i32[rows] or 0. */
function finish(
  strip: usize, rows: i32, columns: i32, y: usize, ldy: usize, corrections: usize, factors: usize, identity: usize, ldi: usize,
): void {
  for (const end = strip + (<usize>rows << 5); strip < end; strip += 32, y += ldy, identity += ldi) {
    let v0 = v128.load(strip), v1 = v128.load(strip, 16);
    if (corrections) {
      const correction = v128.load32_splat(corrections);
      v0 = i32x4.add(v0, correction);
      v1 = i32x4.add(v1, correction);
      corrections += 4;
    }
    if (factors) {
      const factor = v128.load32_splat(factors);
      v0 = scaled(v0, factor, identity);
      v1 = scaled(v1, factor, identity ? identity + 16 : 0);
      factors += 4;
    }
    if (columns >= 8) {
      v128.store(y, v0);
      v128.store(y, v1, 16);
    } else {
      store_first(y, v0, columns << 2);
      store_first(y + 16, v1, max(columns - 4, 0) << 2);
    }
  }
}

/** The GEMM by the dot builtin; whole tiles go straight to y. */
function dot_rows(
  x: usize, ldx: usize, rows: i32, k: i32, panels: usize, n: i32, y: usize, ldy: usize,
  strip: usize, corrections: usize, factors: usize, identity: usize, ldi: usize, a: usize, b: usize,
): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    const groups = (k + 15) >> 4, steps = (k + 3) >> 2, whole = rows & ~3;
    pack_a_i8(x, ldx, rows, k, a, corrections, 0);
    for (let j = 0; j < n; j += 8, panels += <usize>groups << 5, y += 32) {
      const direct = n - j >= 8 ? whole : 0;
      unpack_panel(panels, groups, b);
      let tile = a, at: usize = 0, c = y, other = identity;
      for (let i = 0; i < direct; i += 4, tile += <usize>steps << 4, at += 16, c += ldy << 2, other += ldi << 2) {
        mk_t2_4x8_dot(tile, b, c, ldy, steps, corrections + at, factors ? factors + at : 0, other, ldi);
      }
      for (let i = direct, s = strip; i < rows; i += 4, tile += <usize>steps << 4, s += 128) {
        mk_t2_4x8_dot(tile, b, s, 32, steps, corrections + (<usize>i << 2), 0, 0, 0);
      }
      if (direct < rows) finish(strip, rows - direct, n - j, c, ldy, 0, factors ? factors + at : 0, other, ldi);
      if (identity) identity += 32;
    }
  }
}

/** The GEMM in i16 accumulators. */
function i16_rows(
  x: usize, ldx: usize, rows: i32, k: i32, panels: usize, n: i32, y: usize, ldy: usize,
  strip: usize, corrections: usize, factors: usize, identity: usize, ldi: usize, a: usize, b: usize,
): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    const groups = (k + 15) >> 4, steps = (k + 3) >> 2;
    pack_a_i8(x, ldx, rows, k, a, corrections, 0);
    for (let j = 0; j < n; j += 8, panels += <usize>groups << 5, y += 32) {
      unpack_panel(panels, groups, b);
      memory.fill(strip, 0, <usize>((rows + 3) & ~3) << 5);
      let tile = a;
      for (let i = 0, s = strip; i < rows; i += 4, s += 128) {
        for (let step = 0, codes = b; step < steps; step += I16_STEPS, codes += <usize>I16_STEPS << 5) {
          const count = min(I16_STEPS, steps - step);
          mk_t2_4x8_i16(tile, codes, s, count);
          tile += <usize>count << 4;
        }
      }
      finish(strip, rows, n - j, y, ldy, corrections, factors, identity, ldi);
      if (identity) identity += 32;
    }
  }
}

/** The GEMM by i16 products. */
function wide_rows(
  x: usize, ldx: usize, rows: i32, k: i32, panels: usize, n: i32, y: usize, ldy: usize,
  strip: usize, factors: usize, identity: usize, ldi: usize, a: usize, b: usize,
): void {
  const k4 = (k + 3) & ~3, groups = (k + 15) >> 4, wide = b + (<usize>groups << 7);
  pack_a_i8_i16(x, ldx, rows, k, a);
  for (let j = 0; j < n; j += 8, panels += <usize>groups << 5, y += 32) {
    unpack_panel(panels, groups, b);
    for (let k0 = 0; k0 < k4; k0 += WIDE_K) {
      const kk = min(WIDE_K, k4 - k0);
      widen_panel(b + (<usize>k0 << 3), kk >> 2, 1, wide);
      let tile = a + (<usize>k0 << 4);
      for (let i = 0, s = strip; i < rows; i += 4, tile += <usize>k4 << 4, s += 128) mk_i16_4x8(tile, wide, s, 32, kk >> 1, i32(k0 != 0));
    }
    finish(strip, rows, n - j, y, ldy, 0, factors, identity, ldi);
    if (identity) identity += 32;
  }
}

/** GEMV, row by row. */
function few_rows(
  x: usize, ldx: usize, rows: i32, k: i32, panels: usize, n: i32, y: usize, ldy: usize,
  strip: usize, corrections: usize, factors: usize, identity: usize, ldi: usize, a: usize,
): void {
  const groups = (k + 15) >> 4, size = <usize>groups << (ASC_FEATURE_RELAXED_SIMD ? 6 : 5);
  for (let r = 0; r < rows; r++) store<i32>(corrections + (<usize>r << 2), prepare_row(x + <usize>r * ldx, k, a + <usize>r * size));
  const builtin = tune != 0;
  for (let j = 0; j < n; j += 8, panels += <usize>groups << 5, y += 32) {
    let row = a;
    for (let r = 0, s = strip; r < rows; r++, row += size, s += 32) {
      if (!ASC_FEATURE_RELAXED_SIMD) mk_t2_1x8(row, panels, s, groups);
      else if (builtin) mk_t2_1x8_dot(row, panels, s, groups);
      else mk_t2_1x8_i16(row, panels, s, groups);
    }
    finish(strip, rows, n - j, y, ldy, corrections, factors, identity, ldi);
    if (identity) identity += 32;
  }
}

/** A row in the order of the GEMV's microkernel, filled with zeros; gives −Σ. */
function prepare_row(x: usize, k: i32, to: usize): i32 {
  let sum = i32x4.splat(0);
  for (; k > 0; k -= 16, x += 16) {
    let v = v128.load(x);
    if (k < 16) v = v128.and(v, mask_first(k));
    sum = i32x4.add(sum, i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(v)));
    if (ASC_FEATURE_RELAXED_SIMD) {
      v128.store(to, v128.shuffle<i32>(v, v, 0, 0, 0, 0));
      v128.store(to, v128.shuffle<i32>(v, v, 1, 1, 1, 1), 16);
      v128.store(to, v128.shuffle<i32>(v, v, 2, 2, 2, 2), 32);
      v128.store(to, v128.shuffle<i32>(v, v, 3, 3, 3, 3), 48);
      to += 64;
    } else {
      v128.store(to, i16x8.shr_s(i16x8.shl(v, 8), 8));
      v128.store(to, i16x8.shr_s(v, 8), 16);
      to += 32;
    }
  }
  return -(i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1) + i32x4.extract_lane(sum, 2) + i32x4.extract_lane(sum, 3));
}
