// y = epilogue(X · (f·(C − z))ᵀ): X i8 [m][k]; codes C 0…15 in panels of nibbles (src/layouts/panel_8x16_u4.ts); f and z by groups of columns.
//
//   few rows  GEMV on the nibbles, a panel at a time, which stays in L1 for the next row
//   many      relaxed: each panel unpacked once to bytes for a block of rows; else to f·(c − z) in 16 bits, |…| ≤ 3825, for gemm_i16's tiles
//
// Σ x·f·(c − z) = Σ f·(Σ x·c) − Σ f·z·(Σ x). A row's sums of x, |Σ| ≤ 128·128 of a chunk of columns, are made once and serve all of y; with
// many rows the second sum is a product of 16 bits of its own. All sums wrap modulo 2^32.
import { read_ahead } from "./ahead";
import { align, block_rows } from "./blocks";
import { DOT_SEVEN, DOT_UNSIGNED } from "./dot_forms";
import { Epilogue } from "./epilogue";
import { epilogue_panel, epilogue_panels } from "./epilogue_panel";
import { mk_w4_4x8_whole } from "./gemm_w4_whole";
import { mk_w4_1x16_unsigned } from "./gemv_w4_unsigned";
import { mk_i16_4x8 } from "./microkernels";
import {
  FOLD_BYTES,
  Groups,
  high_twice,
  low_twice,
  mk_w4_1x8,
  mk_w4_1x8_dot,
  mk_w4_4x8,
} from "./microkernels_w4";
import { mask_first, pack_a_i16, pack_a_i8_i16, store_pair } from "./pack";
import { pack_a_bytes } from "./pack_dot";

/** Rows up to which the GEMV wins. */
const FEW: i32 = ASC_FEATURE_RELAXED_SIMD ? 2 : 4;
/** Bytes of an A panel for one element, and of a row of the GEMV, as a shift. */
const UNIT: i32 = ASC_FEATURE_RELAXED_SIMD ? 1 : 4, WIDE: i32 = ASC_FEATURE_RELAXED_SIMD ? 0 : 1;

/** Chunks of columns, to a multiple of 4. */
// @ts-ignore: decorator
@inline
function chunks_of(blocks: i32, group_blocks: i32): i32 {
  return ((blocks + group_blocks - 1) / group_blocks + 3) & ~3;
}

/** Bytes of scratch for m rows, and for fewer. */
export function gemm_w4_scratch(m: i32, k: i32, n: i32, group_blocks: i32): usize {
  // not monotonic in the rows: blocks are as equal as possible
  let most = scratch_of(m, k, group_blocks);
  for (let i = 1; i <= min(m, 256); i++) most = max(most, scratch_of(i, k, group_blocks));
  return most + (<usize> ((n + 7) >> 3) << 5) * FEW;
}

function scratch_of(m: i32, k: i32, group_blocks: i32): usize {
  const rows = <usize> block_rows(m, k, UNIT, 4) + 4, blocks = (k + 15) >> 4;
  const chunks = <usize> chunks_of(blocks, group_blocks), k16 = <usize> blocks << 4;
  return rows * 32 + rows * chunks * 6 + chunks * 16 + (<usize> blocks + 8) * FOLD_BYTES +
    rows * k16 * UNIT + k16 * 16 + 512;
}

/**
 * `epilogue` as `prepare_shifted` leaves it.
 * @param g the groups of the first panel; changed
 */
export function gemm_w4(
  g: Groups,
  x: usize,
  ldx: usize,
  m: i32,
  k: i32,
  panels: usize,
  n: i32,
  y: usize,
  ldy: usize,
  ep: Epilogue,
  scratch: usize,
  form: i32,
): void {
  const panels_end = panels + (<usize> ((n + 7) >> 3) * (<usize> g.all << 6));
  const few = m <= FEW, block = few ? m : block_rows(m, k, UNIT, 4);
  const k16 = <usize> g.all << 4, chunks = chunks_of(g.all, g.blocks), ld = <usize> chunks << 1;
  const zeros0 = g.zeros, factors0 = g.factors, group_bytes = <usize> g.count << 3;
  const strip = align(scratch),
    sums = align(strip + (<usize> ((block + 3) & ~3) << 5)),
    sum_panels = align(sums + <usize> block * ld),
    zeros = align(sum_panels + <usize> ((block + 3) & ~3) * <usize> (chunks << 2)),
    factors = align(zeros + <usize> (chunks << 4)),
    b = align(factors + <usize> (g.all + 8) * FOLD_BYTES),
    a = align(
      b + (few ? <usize> m * ((n + 7) >> 3) << 5 : k16 << (ASC_FEATURE_RELAXED_SIMD ? 3 : 4)),
    );
  for (let i0 = 0; i0 < m; i0 += block) {
    const rows = min(block, m - i0), from = x + <usize> i0 * ldx, to = y + <usize> i0 * ldy;
    for (let r = 0; r < rows; r++) {
      const row = from + <usize> r * ldx;
      chunk_sums(row, k, g.blocks, chunks, sums + <usize> r * ld);
      if (few) prepare_row(row, k, a + (<usize> r * k16 << WIDE));
    }
    if (!few) {
      if (ASC_FEATURE_RELAXED_SIMD) {
        pack_a_i16(sums, ld, rows, chunks, sum_panels);
        pack_a_bytes(from, ldx, rows, k, a, DOT_SEVEN, 4, rows);
      } else pack_a_i8_i16(from, ldx, rows, k, a);
    }
    g.zeros = zeros0, g.factors = factors0;
    let ahead = panels;
    for (
      let j = 0, panel = panels;
      j << 3 < n;
      j++, panel += k16 << 2, g.zeros += group_bytes
    ) {
      if (ASC_FEATURE_RELAXED_SIMD && few && form == DOT_UNSIGNED) {
        // a last panel without another one is taken twice
        const pair = usize((j + 1) << 3 < n), size = k16 << 2;
        const next = panel + (size << pair), c = b + (<usize> (j * m) << 5);
        ahead = read_ahead(next, size << 1, ahead, panels_end, c);
        for (let r: usize = 0; r < <usize> rows; r++) {
          const to = c + (r << 5);
          mk_w4_1x16_unsigned(
            g,
            a + r * k16,
            sums + r * ld,
            panel,
            panel + size * pair,
            group_bytes * pair,
            to,
            to + (<usize> m << 5) * pair,
          );
        }
        if (pair) {
          j++, panel += size, g.zeros += group_bytes;
          if (factors0) g.factors += group_bytes;
        }
      } else if (few) {
        for (let r: usize = 0; r < <usize> rows; r++) {
          const row = a + (r * k16 << WIDE), s = sums + r * ld;
          const c = b + ((<usize> j * m + r) << 5);
          if (ASC_FEATURE_RELAXED_SIMD) mk_w4_1x8_dot(g, row, s, panel, c);
          else mk_w4_1x8(g, row, s, panel, c);
        }
      } else {
        prepare_groups(g, chunks, zeros, factors);
        const fold = min(8, g.blocks << 2);
        if (ASC_FEATURE_RELAXED_SIMD) {
          unpack_bytes(panel, k16, b);
          const steps = (k + 3) >> 2;
          // a fold has the factors of 32 k, or of a group of 16
          const apart = <usize> ((g.blocks + 1) >> 1) * FOLD_BYTES;
          let tile = a, sum = sum_panels;
          for (let s = strip, end = strip + (<usize> rows << 5); s < end; s += 128) {
            mk_i16_4x8(sum, zeros, s, 32, chunks >> 1, 0);
            if (form == DOT_SEVEN) mk_w4_4x8(tile, b, s, factors, steps, fold);
            else mk_w4_4x8_whole(tile, b, s, factors, steps, g.blocks << 2, apart);
            tile += <usize> steps << 4;
            sum += <usize> chunks << 4;
          }
        } else {
          unpack_i16(panel, g.all << 1, fold >> 1, factors, b);
          const k4 = (k + 3) & ~3;
          let tile = a;
          for (let s = strip, end = strip + (<usize> rows << 5); s < end; s += 128) {
            mk_i16_4x8(tile, b, s, 32, k4 >> 1, 0);
            tile += <usize> k4 << 4;
          }
        }
      }
      if (!few) epilogue_panel(ep, 0, j, strip, rows, n, to, ldy, i0);
      if (factors0) g.factors += group_bytes;
    }
    if (few) epilogue_panels(ep, b, m, n, y, ldy);
  }
}

/** Σ x of each chunk of columns → i16, 0 behind the last. */
function chunk_sums(x: usize, k: i32, blocks: i32, chunks: i32, to: usize): void {
  for (; chunks > 0; chunks--, to += 2) {
    let s = i32x4.splat(0);
    for (let i = blocks; i > 0 && k > 0; i--, k -= 16, x += 16) {
      let v = v128.load(x);
      if (k < 16) v = v128.and(v, mask_first(k));
      s = i32x4.add(s, i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(v)));
    }
    s = i32x4.add(s, v128.shuffle<i64>(s, s, 1, 0));
    store<i16>(to, <i16> (i32x4.extract_lane(s, 0) + i32x4.extract_lane(s, 1)));
  }
}

/** A row as the GEMV reads it, zero to a multiple of 16. */
function prepare_row(x: usize, k: i32, to: usize): void {
  for (let i = 0; i < k; i += 16, x += 16) {
    let v = v128.load(x);
    if (k - i < 16) v = v128.and(v, mask_first(k - i));
    if (ASC_FEATURE_RELAXED_SIMD) {
      v128.store(to, v);
      to += 16;
    } else {
      const low = i16x8.extend_low_i8x16_s(v), high = i16x8.extend_high_i8x16_s(v);
      v128.store(to, v128.shuffle<i16>(low, low, 0, 2, 4, 6, 1, 3, 5, 7));
      v128.store(to, v128.shuffle<i16>(high, high, 0, 2, 4, 6, 1, 3, 5, 7), 16);
      to += 32;
    }
  }
}

/**
 * Of a panel: −f·z of each chunk as a panel of products of 16 bits, and for 32 k (16 where that is a group) f twice and f·z twice,
 * in the order of 16-bit products.
 */
function prepare_groups(g: Groups, chunks: i32, zeros: usize, factors: usize): void {
  const none = i16x8.splat(0);
  let before = none, left = g.all, at: usize = 0;
  for (let c = 0; c < chunks; c++, left -= g.blocks, at = g.next(at)) {
    const f = g.factor(at), product = i16x8.mul(f, g.zero(at));
    for (let i = min(left, g.blocks); i > 0; i -= 2, factors += FOLD_BYTES) {
      v128.store(factors, low_twice(f));
      v128.store(factors, high_twice(f), 16);
      if (!ASC_FEATURE_RELAXED_SIMD) {
        v128.store(factors, low_twice(product), 32);
        v128.store(factors, high_twice(product), 48);
      }
    }
    if (!ASC_FEATURE_RELAXED_SIMD) continue;
    const taken = left > 0 ? i16x8.neg(product) : none;
    if (c & 1) {
      store_pair(zeros, before, taken);
      zeros += 32;
    }
    before = taken;
  }
}

// 15 in every byte
const MASK: usize = memory.data<u8>([15]);

/** Nibbles → bytes [k/4][8][4]. */
function unpack_bytes(panel: usize, k16: usize, to: usize): void {
  const mask = v128.load8_splat(MASK);
  for (const end = panel + (k16 << 2); panel < end; panel += 32, to += 64) {
    const v0 = v128.load(panel), v1 = v128.load(panel, 16);
    v128.store(to, v128.and(v0, mask));
    v128.store(to, v128.and(v1, mask), 16);
    v128.store(to, v128.and(i16x8.shr_u(v0, 4), mask), 32);
    v128.store(to, v128.and(i16x8.shr_u(v1, 4), mask), 48);
  }
}

/** Nibbles → f·(c − z), i16 [k/2][8][2]; `halves` of a block, `fold` of them with one factor. */
function unpack_i16(panel: usize, halves: i32, fold: i32, factors: usize, to: usize): void {
  const mask = v128.load8_splat(MASK);
  for (; halves > 0; halves -= fold, factors += FOLD_BYTES) {
    for (const end = panel + (<usize> min(halves, fold) << 5); panel < end; to += 96) {
      // of columns 0 … 3, then 4 … 7, four k in low bits and four in high ones, each as two steps of two k
      for (let f = factors, last = to + 32; to < last; f += 16, panel += 16, to += 16) {
        const codes = v128.load(panel), product = v128.load(f, 32), factor = v128.load(f);
        store_steps_i16(to, v128.and(codes, mask), factor, product);
        store_steps_i16(to + 64, v128.and(i16x8.shr_u(codes, 4), mask), factor, product);
      }
    }
  }
}

/** Sixteen codes of four columns → two steps of two k: f·c − f·z. */
// @ts-ignore: decorator
@inline
function store_steps_i16(to: usize, codes: v128, f: v128, z: v128): void {
  const u = i16x8.extend_low_i8x16_u(codes), v = i16x8.extend_high_i8x16_u(codes);
  v128.store(to, i16x8.sub(i16x8.mul(v128.shuffle<i32>(u, v, 0, 2, 4, 6), f), z));
  v128.store(to, i16x8.sub(i16x8.mul(v128.shuffle<i32>(u, v, 1, 3, 5, 7), f), z), 32);
}
