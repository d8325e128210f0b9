// y = epilogue(X · (f·(C − z))ᵀ): X i8 [m][k]; codes C 0…15 in panels of nibbles (src/layouts/panel_8x8_u4.ts); f and z by groups of columns.
//
//   few rows  GEMV on the nibbles, a panel at a time, which stays in L1 for the next row
//   many      relaxed: each panel unpacked once to bytes for a block of rows; else to f·(c − z) in 16 bits, |…| ≤ 3825, for gemm_i16's tiles
//
// Σ x·f·(c − z) = Σ f·(Σ x·c) − Σ f·z·(Σ x). The second sum is a product of its own, of 16 bits: Σ x of `group` columns is at most 128·128
// in size, f·z at most 3825. A row's sums of x are made once and serve all columns. All sums wrap modulo 2^32.
import { align, block_rows } from "./blocks";
import { Epilogue } from "./epilogue";
import { epilogue_panel } from "./epilogue_panel";
import { mk_i16_4x8 } from "./microkernels";
import { FOLD_BYTES, mk_w4_1x8, mk_w4_1x8_dot, mk_w4_4x8 } from "./microkernels_w4";
import { mask_first, pack_a_i16, pack_a_i8_i16, store_pair } from "./pack";
import { pack_a_bytes } from "./pack_dot";
import { DOT_SEVEN } from "./dot_forms";

/** Rows up to which the GEMV wins. */
const FEW: i32 = 2;
/** Bytes of an A panel for one element. */
const UNIT: i32 = ASC_FEATURE_RELAXED_SIMD ? 1 : 4;

/** Weights, and what a call makes of their groups. */
// @ts-ignore: decorator
@unmanaged
export class Weights4 {
  panels: usize;
  n: i32;
  k: i32;
  /** u8 [groups][n]; factors may be 0: they are 1. */
  zero: usize;
  zero_stride: usize;
  factor: usize;
  factor_stride: usize;
  groups: i32;
  /** Columns of a group, a power of two from 16 to 128, of which the last has the rest. */
  group: i32;

  /** Groups of columns, as if there were as many as that takes. */
  // @ts-ignore: decorator
  @inline
  get chunks(): i32 {
    return (this.k + this.group - 1) / this.group;
  }

  /** Steps of four k in a fold. */
  // @ts-ignore: decorator
  @inline
  get fold(): i32 {
    return min(8, this.group >> 2);
  }
}

/** Bytes of scratch for m rows. */
export function gemm_w4_scratch(m: i32, k: i32, group: i32): usize {
  const rows = <usize> max(block_rows(m, k, UNIT, 4), 4) + 4, k8 = <usize> ((k + 7) & ~7);
  const chunks = (k8 / group + 4 + 3) & ~3;
  return rows * 32 + rows * chunks * 6 + chunks * 16 + (k8 / 16 + 8) * FOLD_BYTES +
    rows * (k8 + 8) * UNIT + k8 * 16 + 512;
}

/** `epilogue` as `prepare_shifted` leaves it. */
export function gemm_w4(
  w: Weights4,
  x: usize,
  ldx: usize,
  m: i32,
  y: usize,
  ldy: usize,
  ep: Epilogue,
  scratch: usize,
): void {
  const k = w.k, few = m <= FEW, block = few ? m : block_rows(m, k, UNIT, 4);
  const k8 = <usize> ((k + 7) & ~7), chunks = (w.chunks + 3) & ~3, ld = <usize> chunks << 1;
  const strip = align(scratch),
    sums = align(strip + (<usize> ((block + 3) & ~3) << 5)),
    sum_panels = align(sums + <usize> block * ld),
    zeros = align(sum_panels + <usize> ((block + 3) & ~3) * <usize> (chunks << 2)),
    factors = align(zeros + <usize> (chunks << 4)),
    b = align(factors + (k8 / 16 + 8) * FOLD_BYTES),
    a = align(b + (few ? 0 : k8 << (ASC_FEATURE_RELAXED_SIMD ? 3 : 4)));
  for (let i0 = 0; i0 < m; i0 += block) {
    const rows = min(block, m - i0), from = x + <usize> i0 * ldx, to = y + <usize> i0 * ldy;
    for (let r = 0; r < rows; r++) {
      chunk_sums(from + <usize> r * ldx, k, w.group, chunks, sums + <usize> r * ld);
      if (few) prepare_row(from + <usize> r * ldx, k, a + (<usize> r * k8 << (ASC_FEATURE_RELAXED_SIMD ? 0 : 1)));
    }
    if (!few) {
      if (ASC_FEATURE_RELAXED_SIMD) {
        pack_a_i16(sums, ld, rows, chunks, sum_panels);
        pack_a_bytes(from, ldx, rows, k, a, DOT_SEVEN, 4, rows);
      } else pack_a_i8_i16(from, ldx, rows, k, a);
    }
    for (let j = 0; j << 3 < w.n; j++) {
      const panel = w.panels + <usize> j * (k8 << 2);
      prepare_groups(w, j, chunks, zeros, factors);
      if (few) few_rows(w, rows, panel, zeros, factors, chunks, sums, a, strip);
      else if (ASC_FEATURE_RELAXED_SIMD) {
        unpack_bytes(panel, k8, b);
        const steps = (k + 3) >> 2;
        let tile = a, sum = sum_panels;
        for (let s = strip, end = strip + (<usize> rows << 5); s < end; s += 128) {
          mk_i16_4x8(sum, zeros, s, 32, chunks >> 1, 0);
          mk_w4_4x8(tile, b, s, factors, steps, w.fold);
          tile += <usize> steps << 4;
          sum += <usize> chunks << 4;
        }
      } else {
        unpack_i16(panel, w.k, w.fold, factors, b);
        const size = <usize> ((k + 3) & ~3) << 4;
        let tile = a;
        for (let s = strip, end = strip + (<usize> rows << 5); s < end; s += 128, tile += size) {
          mk_i16_4x8(tile, b, s, 32, ((k + 3) >> 2) << 1, 0);
        }
      }
      epilogue_panel(ep, 0, j, strip, rows, w.n, to, ldy, i0);
    }
  }
}

/** Σ x of each chunk of columns → i16, 0 behind the last. */
function chunk_sums(x: usize, k: i32, group: i32, chunks: i32, to: usize): void {
  for (; chunks > 0; chunks--, to += 2) {
    let s = i32x4.splat(0);
    for (let i = 0; i < group && k > 0; i += 16, k -= 16, x += 16) {
      let v = v128.load(x);
      if (k < 16) v = v128.and(v, mask_first(k));
      s = i32x4.add(s, i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(v)));
    }
    s = i32x4.add(s, v128.shuffle<i64>(s, s, 1, 0));
    store<i16>(to, <i16> (i32x4.extract_lane(s, 0) + i32x4.extract_lane(s, 1)));
  }
}

/** A row as the GEMV reads it, zero to a multiple of 8. */
function prepare_row(x: usize, k: i32, to: usize): void {
  for (; k > 0; k -= 8, x += 8) {
    let v = v128.load64_zero(x);
    if (k < 8) v = v128.and(v, mask_first(k));
    if (ASC_FEATURE_RELAXED_SIMD) {
      v128.store64_lane(to, v, 0);
      to += 8;
    } else {
      v = i16x8.extend_low_i8x16_s(v);
      v128.store(to, v128.shuffle<i16>(v, v, 0, 2, 4, 6, 1, 3, 5, 7));
      to += 16;
    }
  }
}

/** Eight bytes of a row of groups, as i16. */
// @ts-ignore: decorator
@inline
function eight(rows: usize, stride: usize, g: i32, j: i32): v128 {
  return v128.load8x8_u(rows + <usize> g * stride + (<usize> j << 3));
}

/**
 * Of panel j: −f·z of each chunk as a panel of products of 16 bits, and for each fold f twice and f·z twice,
 * in the order of 16-bit products.
 */
function prepare_groups(w: Weights4, j: i32, chunks: i32, zeros: usize, factors: usize): void {
  const last = w.groups - 1, count = w.chunks, none = i16x8.splat(0), low = i16x8.splat(15);
  const folds = <u32> w.group >> 2 > 8 ? <u32> w.group >> 5 : 1;
  let before = none;
  for (let c = 0; c < chunks; c++) {
    let f = i16x8.splat(1), product = none;
    if (c < count) {
      const g = min(c, last);
      if (w.factor) f = eight(w.factor, w.factor_stride, g, j);
      product = i16x8.mul(f, v128.and(eight(w.zero, w.zero_stride, g, j), low));
      for (let i: u32 = 0; i < folds; i++, factors += FOLD_BYTES) {
        store_pair(factors, f, f);
        if (!ASC_FEATURE_RELAXED_SIMD) store_pair(factors + 32, product, product);
      }
    }
    const taken = i16x8.neg(product);
    if (c & 1) {
      store_pair(zeros, before, taken);
      zeros += 32;
    }
    before = taken;
  }
}

/** Rows of the GEMV over one panel. */
function few_rows(
  w: Weights4,
  rows: i32,
  panel: usize,
  zeros: usize,
  factors: usize,
  chunks: i32,
  sums: usize,
  a: usize,
  strip: usize,
): void {
  const blocks = (w.k + 7) >> 3, fold = w.fold >> 1;
  for (let r = 0; r < rows; r++, strip += 32) {
    let c0 = i32x4.splat(0), c1 = c0;
    for (const end = sums + (<usize> chunks << 1), z0 = zeros; sums < end; sums += 4) {
      const at = z0 + (<usize> (chunks << 1) - (end - sums) << 3), t = v128.load32_splat(sums);
      c0 = i32x4.add(c0, i32x4.dot_i16x8_s(t, v128.load(at)));
      c1 = i32x4.add(c1, i32x4.dot_i16x8_s(t, v128.load(at, 16)));
    }
    v128.store(strip, c0);
    v128.store(strip, c1, 16);
    if (ASC_FEATURE_RELAXED_SIMD) {
      mk_w4_1x8_dot(a, panel, strip, factors, blocks, fold);
      a += <usize> blocks << 3;
    } else {
      mk_w4_1x8(a, panel, strip, factors, blocks, fold);
      a += <usize> blocks << 4;
    }
  }
}

// 15 in every byte
const MASK: usize = memory.data<u8>([15]);

/** Nibbles → bytes [k/4][8][4]. */
function unpack_bytes(panel: usize, k8: usize, to: usize): void {
  const mask = v128.load8_splat(MASK);
  for (const end = panel + (k8 << 2); panel < end; panel += 32, to += 64) {
    const v0 = v128.load(panel), v1 = v128.load(panel, 16);
    v128.store(to, v128.and(v0, mask));
    v128.store(to, v128.and(v1, mask), 16);
    v128.store(to, v128.and(i16x8.shr_u(v0, 4), mask), 32);
    v128.store(to, v128.and(i16x8.shr_u(v1, 4), mask), 48);
  }
}

/** Sixteen codes of four columns → two steps of two k: f·c − f·z. */
// @ts-ignore: decorator
@inline
function store_steps_i16(to: usize, codes: v128, factors: usize): void {
  const u = i16x8.extend_low_i8x16_u(codes), v = i16x8.extend_high_i8x16_u(codes);
  const f = v128.load(factors), z = v128.load(factors, 32);
  v128.store(to, i16x8.sub(i16x8.mul(v128.shuffle<i32>(u, v, 0, 2, 4, 6), f), z));
  v128.store(to, i16x8.sub(i16x8.mul(v128.shuffle<i32>(u, v, 1, 3, 5, 7), f), z), 32);
}

/** Nibbles → f·(c − z), i16 [k/2][8][2]. */
function unpack_i16(panel: usize, k: i32, fold: i32, factors: usize, to: usize): void {
  const mask = v128.load8_splat(MASK);
  for (let blocks = (k + 7) >> 3; blocks > 0; blocks -= fold >> 1, factors += FOLD_BYTES) {
    for (
      const end = panel + (<usize> min(blocks, fold >> 1) << 5);
      panel < end;
      panel += 32, to += 128
    ) {
      const v0 = v128.load(panel), v1 = v128.load(panel, 16);
      store_steps_i16(to, v128.and(v0, mask), factors);
      store_steps_i16(to + 16, v128.and(v1, mask), factors + 16);
      store_steps_i16(to + 64, v128.and(i16x8.shr_u(v0, 4), mask), factors);
      store_steps_i16(to + 80, v128.and(i16x8.shr_u(v1, 4), mask), factors + 16);
    }
  }
}
