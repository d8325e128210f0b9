// gemm_i8_t2_4x8: y = X · Tᵀ, X i8 [m][k], T trits [n][k] in panels of 2-bit codes [⌈n/8⌉][⌈k/16⌉][8][4] (panel_8x16_t2).
//
//   y[r][c] = acc                                                i32, where there is no alpha
//   y[r][c] = fl(fl(acc)·fl(scale/alpha[r])) [+ identity[r][c]]   f32
//
// acc is exact modulo 2^32 (microkernels_t2.ts has the bounds), so every form below gives the same bits:
//   many rows   each panel is unpacked once for a block of rows: to bytes, Σ x·code − Σ x by the dot builtin, or by pairs summed
//               in 16 bits where that is three instructions (`seven`); in the simd build to i16, by products of i16 with two columns each
//   few rows    GEMV on the packed codes, a panel at a time, which stays in L1 for the next row
// Floats in gemm_t2, finish: what a row's alpha makes of exact sums is float32 by description.

import { align } from "./blocks";
import { DOT_SEVEN } from "./dot_forms";
import { mk_x_4x8 } from "./microkernels_dot";
import {
  mk_t2_1x8,
  mk_t2_1x8_dot,
  mk_t2_1x8_pairs,
  mk_t2_4x16,
  PAIR_K,
  scaled,
} from "./microkernels_t2";
import { mask_first, pack_a_i8_i16 } from "./pack";
import { pack_a_bytes, row_sums } from "./pack_dot";
import { store_words } from "./tail";

/** Rows up to which the GEMV form wins, and the k up to which its i32 accumulators, scaled by 16, hold. */
const FEW_ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 2, FEW_K: i32 = 1 << 20;
/** Steps of four k of which 16 bits hold the sums of pairs: 2·2·128 each. */
const SEVEN_STEPS: i32 = 63;
/** Bytes given to A panels, and the most rows of a block. */
const A_BYTES: i32 = 1 << 19, BLOCK_ROWS: i32 = 256;
/** Bytes of an A panel for one element: i8; or i16, twice. */
const DOT_UNIT: i32 = 1, PAIR_UNIT: i32 = 4;

/** Most rows of a block: a multiple of 4. */
// @ts-ignore: decorator
@inline
function most_rows(k16: i32, unit: i32): i32 {
  return min(max(A_BYTES / (unit * k16), 4), BLOCK_ROWS) & ~3;
}

/** Bytes of scratch: less than 40 for each k, and a constant. No smaller m asks for more. */
export function gemm_t2_scratch(m: i32, k: i32): usize {
  const k16 = (k + 15) & ~15, rows = (m + 3) & ~3;
  // a row of the GEMV takes 4 bytes for each k
  const a = max(
    DOT_UNIT * min(most_rows(k16, DOT_UNIT), rows),
    PAIR_UNIT * max(min(most_rows(k16, PAIR_UNIT), rows), min(m, FEW_ROWS)),
  );
  return <usize> min(rows, BLOCK_ROWS) * 72 + <usize> k16 * <usize> a + (<usize> k16 << 3) +
    <usize> PAIR_K * 16 + 1024;
}

/** See the head of the file. `alpha` and `identity` may be 0, and `ldi` then is 0 too; strides are in bytes. */
export function gemm_t2(
  x: usize,
  ldx: usize,
  m: i32,
  k: i32,
  panels: usize,
  n: i32,
  y: usize,
  ldy: usize,
  alpha: usize,
  ld_alpha: usize,
  scale: f32,
  identity: usize,
  ldi: usize,
  scratch: usize,
  form: i32,
): void {
  const few = m <= FEW_ROWS && k <= FEW_K, k16 = (k + 15) & ~15;
  const unit = ASC_FEATURE_RELAXED_SIMD ? DOT_UNIT : PAIR_UNIT,
    most = most_rows(k16, unit),
    blocks = (m + most - 1) / most;
  const block = few ? m : ((m + blocks - 1) / blocks + 3) & ~3;
  const strip = align(scratch),
    corrections = align(strip + (<usize> block << 6)),
    factors = align(corrections + (<usize> block << 2));
  const a = align(factors + (<usize> block << 2)),
    b = align(a + <usize> block * <usize> (k16 * unit));
  for (let i0 = 0; i0 < m; i0 += block) {
    const rows = min(block, m - i0);
    if (alpha) {
      for (let r = 0; r < rows; r++) {
        store<f32>(
          factors + (<usize> r << 2),
          scale / load<f32>(alpha + <usize> (i0 + r) * ld_alpha),
        );
      }
    }
    const from = x + <usize> i0 * ldx,
      to = y + <usize> i0 * ldy,
      f = alpha ? factors : 0,
      other = identity + <usize> i0 * ldi;
    if (few) {
      few_rows(from, ldx, rows, k, panels, n, to, ldy, strip, corrections, f, other, ldi, a, form);
    } else if (ASC_FEATURE_RELAXED_SIMD) {
      dot_rows(
        from,
        ldx,
        rows,
        k,
        panels,
        n,
        to,
        ldy,
        strip,
        corrections,
        f,
        other,
        ldi,
        a,
        b,
        form == DOT_SEVEN ? SEVEN_STEPS : 0,
      );
    } else pair_rows(from, ldx, rows, k, panels, n, to, ldy, strip, f, other, ldi, a, b);
  }
}

// 3 in every byte
const MASK: usize = memory.data<u8>([3]);

/** Groups of 2-bit codes → bytes [k/4][8][4]. */
function unpack_panel(panel: usize, groups: i32, to: usize): void {
  const mask = v128.load8_splat(MASK);
  for (const end = panel + (<usize> groups << 5); panel < end; panel += 32, to += 128) {
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
  strip: usize,
  rows: i32,
  columns: i32,
  y: usize,
  ldy: usize,
  corrections: usize,
  factors: usize,
  identity: usize,
  ldi: usize,
): void {
  for (
    const end = strip + (<usize> rows << 5);
    strip < end;
    strip += 32, y += ldy, identity += ldi
  ) {
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
      store_words(y, v0, columns);
      store_words(y + 16, v1, max(columns - 4, 0));
    }
  }
}

/** The GEMM by the dot product: codes are i7 panels with an offset of 1. Whole tiles go straight to y. */
function dot_rows(
  x: usize,
  ldx: usize,
  rows: i32,
  k: i32,
  panels: usize,
  n: i32,
  y: usize,
  ldy: usize,
  strip: usize,
  corrections: usize,
  factors: usize,
  identity: usize,
  ldi: usize,
  a: usize,
  b: usize,
  most: i32,
): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    const groups = (k + 15) >> 4, steps = (k + 3) >> 2, whole = rows & ~3;
    pack_a_bytes(x, ldx, rows, k, a, DOT_SEVEN, 4, rows);
    row_sums(x, ldx, rows, k, -1, corrections);
    for (let j = 0; j < n; j += 8, panels += <usize> groups << 5, y += 32) {
      const direct = n - j >= 8 ? whole : 0;
      unpack_panel(panels, groups, b);
      let tile = a, at: usize = 0, c = y, other = identity;
      for (
        let i = 0;
        i < direct;
        i += 4, tile += <usize> steps << 4, at += 16, c += ldy << 2, other += ldi << 2
      ) {
        const f = factors ? factors + at : 0;
        mk_x_4x8(tile, b, c, ldy, steps, most, corrections + at, f, other, ldi);
      }
      for (let i = direct, s = strip; i < rows; i += 4, tile += <usize> steps << 4, s += 128) {
        mk_x_4x8(tile, b, s, 32, steps, most, corrections + (<usize> i << 2), 0, 0, 0);
      }
      if (direct < rows) {
        finish(strip, rows - direct, n - j, c, ldy, 0, factors ? factors + at : 0, other, ldi);
      }
      if (identity) identity += 32;
    }
  }
}

// 1 + 2^14 in 16 bits
const JOINED: usize = memory.data<i16>([16385]);

/** Groups of 2-bit codes → every other vector of [k/2][4 columns][2 k] i16: t_c + 2^14·t_(c+4). */
function join_panel(panel: usize, groups: i32, to: usize): void {
  const mask = v128.load8_splat(MASK), ones = v128.load16_splat(JOINED);
  for (const end = panel + (<usize> groups << 5); panel < end; panel += 32) {
    let v0 = v128.load(panel), v1 = v128.load(panel, 16);
    for (const last = to + 256; to < last; to += 64) {
      const u = v128.and(v0, mask), w = v128.and(v1, mask);
      const low = i16x8.sub(
        i16x8.add(i16x8.extend_low_i8x16_s(u), i16x8.shl(i16x8.extend_low_i8x16_s(w), 14)),
        ones,
      );
      const high = i16x8.sub(
        i16x8.add(i16x8.extend_high_i8x16_s(u), i16x8.shl(i16x8.extend_high_i8x16_s(w), 14)),
        ones,
      );
      v128.store(to, v128.shuffle<i32>(low, high, 0, 2, 4, 6));
      v128.store(to, v128.shuffle<i32>(low, high, 1, 3, 5, 7), 32);
      v0 = i16x8.shr_u(v0, 2);
      v1 = i16x8.shr_u(v1, 2);
    }
  }
}

/** The GEMM by i16 products, two panels at a time. */
function pair_rows(
  x: usize,
  ldx: usize,
  rows: i32,
  k: i32,
  panels: usize,
  n: i32,
  y: usize,
  ldy: usize,
  strip: usize,
  factors: usize,
  identity: usize,
  ldi: usize,
  a: usize,
  b: usize,
): void {
  const k4 = (k + 3) & ~3,
    size = <usize> ((k + 15) >> 4) << 5,
    k_blocks = (k4 + PAIR_K - 1) / PAIR_K;
  const k_block = ((k4 + k_blocks - 1) / k_blocks + 15) & ~15;
  const strip1 = strip + (<usize> ((rows + 3) & ~3) << 5), low = align(b + (<usize> k_block << 4));
  pack_a_i8_i16(x, ldx, rows, k, a);
  for (let j = 0; j < n; j += 16, panels += size << 1, y += 64) {
    const two = n - j > 8;
    for (let k0 = 0; k0 < k4; k0 += k_block) {
      const kk = min(k_block, k4 - k0), panel = panels + (<usize> k0 << 1);
      join_panel(panel, (kk + 15) >> 4, b);
      if (two) join_panel(panel + size, (kk + 15) >> 4, b + 16);
      let tile = a + (<usize> k0 << 4);
      for (let at: usize = 0; at < <usize> rows << 5; at += 128, tile += <usize> k4 << 4) {
        mk_t2_4x16(tile, b, kk >> 1, low, strip + at, strip1 + at, i32(k0 != 0));
      }
    }
    finish(strip, rows, n - j, y, ldy, 0, factors, identity, ldi);
    if (two) {
      finish(strip1, rows, n - j - 8, y + 32, ldy, 0, factors, identity ? identity + 32 : 0, ldi);
    }
    if (identity) identity += 64;
  }
}

/** GEMV, row by row. */
function few_rows(
  x: usize,
  ldx: usize,
  rows: i32,
  k: i32,
  panels: usize,
  n: i32,
  y: usize,
  ldy: usize,
  strip: usize,
  corrections: usize,
  factors: usize,
  identity: usize,
  ldi: usize,
  a: usize,
  form: i32,
): void {
  const groups = (k + 15) >> 4, size = <usize> groups << (ASC_FEATURE_RELAXED_SIMD ? 6 : 5);
  for (let r = 0; r < rows; r++) {
    store<i32>(
      corrections + (<usize> r << 2),
      prepare_row(x + <usize> r * ldx, k, a + <usize> r * size),
    );
  }
  for (let j = 0; j < n; j += 8, panels += <usize> groups << 5, y += 32) {
    let row = a;
    for (let r = 0, s = strip; r < rows; r++, row += size, s += 32) {
      if (!ASC_FEATURE_RELAXED_SIMD) mk_t2_1x8(row, panels, s, groups);
      else if (form == DOT_SEVEN) mk_t2_1x8_pairs(row, panels, s, groups);
      else mk_t2_1x8_dot(row, panels, s, groups);
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
  return -(i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1) + i32x4.extract_lane(sum, 2) +
    i32x4.extract_lane(sum, 3));
}
