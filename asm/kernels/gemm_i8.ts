// gemm_i8_i8_4x8: y = epilogue(X · Wᵀ), X i8 [m][k], W i8 [n][k] in canonical panels, i32 accumulators. The drivers of gemm_i7 are here too.
//
//   x        i8, row-major, `ldx` bytes between rows
//   panels   i8 [⌈n/8⌉][⌈k/4⌉][8][4], two's complement (src/layouts/)
//   y        type and meaning by the epilogue, `ldy` bytes between rows
//   scratch  gemm_i8_scratch(m, k, n) bytes, 16-byte aligned for speed only
//
// Exactness: bit-exact for every operand. |Σ| ≤ k·2^14, so k < 2^17 keeps i32; intermediate forms wrap modulo 2^32 and cancel.
//
// Two inner forms give the same integers:
//   i16   A widened to i16 panels, each W panel widened once for a block of rows, i32x4.dot_i16x8_s. The simd build.
//   dot   relaxed build: i8 × u7 → i32 in one builtin (vpdpbusd, sdot). i7 panels as stored: Σ a·(w+64) − 64·Σa.
//         i8 panels are split once for a block of rows: w = 2h + l − 128, h = ((w+128) >> 1) in 0…127, l in 0…1:
//         Σ a·w = 2·(Σ a·h − 64·Σa) + Σ a·l. Twice the i7 work, and still 1.15 times the i16 form where the builtin is one instruction.
// Up to three rows: widening does not pay; `gemv_i16` extends each panel from registers, once a row, while it is in L1.

import { Epilogue, epilogue_prepare, epilogue_scratch, OUT_I32 } from "./epilogue";
import { epilogue_panel } from "./epilogue_panel";
import { mk_i14_4x8_dot2, mk_i16_4x8, mk_i7_4x8_dot, mk_i8_4x8_dot2 } from "./microkernels";
import {
  pack_a_digits,
  pack_a_i16,
  pack_a_i8,
  pack_a_i8_i16,
  pack_row_i16,
  pack_row_i8_i16,
  widen_panel,
} from "./pack";

/** Widest panel kept widened, in k: 1536·16 bytes = 24 KiB of L1. */
const K_BLOCK: i32 = 1536;
/** Rows up to which the GEMV form wins. */
const FEW_ROWS: i32 = 3;
/** L2 bytes given to A panels. */
const A_BYTES: i32 = 1 << 19;

/** Rows of a block: as equal as possible, a multiple of 4, with A panels of about A_BYTES (`unit` bytes per element). */
// @ts-ignore: decorator
@inline
export function block_rows(m: i32, k: i32, unit: i32): i32 {
  const most = min(max(A_BYTES / (unit * k), 64), 256);
  const blocks = (m + most - 1) / most;
  return ((m + blocks - 1) / blocks + 3) & ~3;
}

// @ts-ignore: decorator
@inline
export function align(p: usize): usize {
  return (p + 63) & ~63;
}

/** Bytes of scratch for both gemm_i8 and gemm_i7. */
export function gemm_i8_scratch(m: i32, k: i32, n: i32): usize {
  const k4 = (k + 3) & ~3;
  const rows = max(block_rows(m, k4, 4), block_rows(m, k4, 1));
  return align(epilogue_scratch(n)) + <usize> rows * <usize> k4 * 4 + <usize> rows * 36 +
    <usize> k4 * 16 + 512;
}

/** y = epilogue(X·Wᵀ), W i8. See the head of the file. */
export function gemm_i8(
  x: usize,
  ldx: usize,
  m: i32,
  k: i32,
  panels: usize,
  n: i32,
  y: usize,
  ldy: usize,
  epilogue: usize,
  scratch: usize,
): void {
  const ep = changetype<Epilogue>(epilogue);
  epilogue_prepare(ep, n, scratch);
  if (m <= FEW_ROWS) {
    gemv_i16(x, ldx, m, k, panels, n, y, ldy, ep, scratch, 0, false);
    return;
  }
  if (ASC_FEATURE_RELAXED_SIMD) {
    gemm_dot(x, ldx, m, k, panels, n, y, ldy, ep, scratch, true);
    return;
  }
  gemm_i16(x, ldx, m, k, panels, n, y, ldy, ep, scratch, 0, false, 0);
}

/**
 * y = epilogue(X·Wᵀ), X i16. The i16 form, whose A panels hold any i16; in the relaxed build two dots of seven-bit digits while the codes
 * are within 14 bits. Sums wrap modulo 2^32. `offset`: 0 for i8 panels, 64 for i7.
 */
export function gemm_wide(
  x: usize,
  ldx: usize,
  m: i32,
  k: i32,
  panels: usize,
  n: i32,
  y: usize,
  ldy: usize,
  epilogue: usize,
  scratch: usize,
  offset: i32,
): void {
  const ep = changetype<Epilogue>(epilogue);
  epilogue_prepare(ep, n, scratch);
  if (m <= FEW_ROWS) {
    gemv_i16(x, ldx, m, k, panels, n, y, ldy, ep, scratch, offset, true);
    return;
  }
  if (ASC_FEATURE_RELAXED_SIMD) {
    gemm_digits(x, ldx, m, k, panels, n, y, ldy, ep, scratch, offset);
    return;
  }
  gemm_i16(x, ldx, m, k, panels, n, y, ldy, ep, scratch, offset, true, 0);
}

/** Rows, a multiple of 4, whose accumulators are the output of panel j: the microkernel stores them in y and not in the strip. */
// @ts-ignore: decorator
@inline
function direct_rows(ep: Epilogue, rows: i32, j: i32, n: i32): i32 {
  return ep.out == OUT_I32 && ep.bias == 0 && (j << 3) + 8 <= n ? rows & ~3 : 0;
}

/** All rows by i16 products; `offset` is subtracted from every code (0, or 64 for i7); `wide`: x is i16; from row `first` on. */
export function gemm_i16(
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
  offset: i32,
  wide: bool,
  first: i32,
): void {
  const k4 = (k + 3) & ~3;
  const block = block_rows(m, k4, 4);
  const a = align(scratch + epilogue_scratch(n));
  const b = align(a + ((<usize> block * <usize> k4) << 2));
  const k_blocks = (k4 + K_BLOCK - 1) / K_BLOCK;
  const k_block = ((k4 + k_blocks - 1) / k_blocks + 3) & ~3;
  const strip = align(b + (<usize> k_block << 4));
  const a_size = <usize> k4 << 4, b_size = <usize> k4 << 3;
  for (let i0 = first; i0 < m; i0 += block) {
    const rows = min(block, m - i0);
    const y0 = y + <usize> i0 * ldy;
    if (wide) pack_a_i16(x + <usize> i0 * ldx, ldx, rows, k, a);
    else pack_a_i8_i16(x + <usize> i0 * ldx, ldx, rows, k, a);
    for (let j = 0; j << 3 < n; j++) {
      const panel = panels + <usize> j * b_size,
        direct = direct_rows(ep, rows, j, n),
        c = y0 + (<usize> j << 5);
      for (let k0 = 0; k0 < k4; k0 += k_block) {
        const kk = min(k_block, k4 - k0);
        widen_panel(panel + (<usize> k0 << 3), kk >> 2, offset, b);
        let tile = a + (<usize> k0 << 4);
        for (let i = 0; i < direct; i += 4, tile += a_size) {
          mk_i16_4x8(tile, b, c + <usize> i * ldy, ldy, kk >> 1, i32(k0 != 0));
        }
        for (let i = direct; i < rows; i += 4, tile += a_size) {
          mk_i16_4x8(tile, b, strip + (<usize> i << 5), 32, kk >> 1, i32(k0 != 0));
        }
      }
      epilogue_panel(
        ep,
        scratch,
        j,
        strip + (<usize> direct << 5),
        rows - direct,
        n,
        y0 + <usize> direct * ldy,
        ldy,
        i0 + direct,
      );
    }
  }
}

// sign bit, h mask, l mask
const SPLIT: usize = memory.data<u8>([128, 127, 1]);

/** w → h, then l (see the head): `steps` steps of 32 bytes. */
function split_panel(panel: usize, steps: i32, to: usize): void {
  const flip = v128.load8_splat(SPLIT),
    seven = v128.load8_splat(SPLIT + 1),
    one = v128.load8_splat(SPLIT + 2);
  const size = <usize> steps << 5;
  for (const end = panel + size; panel < end; panel += 16, to += 16) {
    const w = v128.load(panel);
    v128.store(to, v128.and(i16x8.shr_u(v128.xor(w, flip), 1), seven));
    v128.store(to + size, v128.and(w, one));
  }
}

/** All rows by relaxed dots; `split`: i8 panels, else i7. */
export function gemm_dot(
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
  split: bool,
): void {
  const k4 = (k + 3) & ~3;
  const block = block_rows(m, k4, 1);
  const a = align(scratch + epilogue_scratch(n));
  const b = align(a + <usize> block * <usize> k4);
  const correction = align(b + (<usize> k4 << 4));
  const strip = align(correction + (<usize> block << 2));
  const a_size = <usize> k4 << 2, b_size = <usize> k4 << 3, steps = k4 >> 2;
  for (let i0 = 0; i0 < m; i0 += block) {
    const rows = min(block, m - i0);
    const y0 = y + <usize> i0 * ldy;
    pack_a_i8(x + <usize> i0 * ldx, ldx, rows, k, a, correction, 6);
    for (let j = 0; j << 3 < n; j++) {
      const panel = panels + <usize> j * b_size, direct = direct_rows(ep, rows, j, n);
      let tile = a, sum = correction, c = y0 + (<usize> j << 5), ld = ldy;
      if (split) split_panel(panel, steps, b);
      for (let i = 0; i < rows; i += 4, tile += a_size, sum += 16, c += ld << 2) {
        if (i == direct) c = strip + (<usize> i << 5), ld = 32;
        if (split) mk_i8_4x8_dot2(tile, b, c, ld, steps, sum);
        else mk_i7_4x8_dot(tile, panel, c, ld, steps, sum);
      }
      epilogue_panel(
        ep,
        scratch,
        j,
        strip + (<usize> direct << 5),
        rows - direct,
        n,
        y0 + <usize> direct * ldy,
        ldy,
        i0 + direct,
      );
    }
  }
}

// u7 ones
const ONES: usize = memory.data<u8>([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], 16);

/** −8192·Σ_k of the codes of each column, as they are stored. */
function column_corrections(panel: usize, steps: i32, to: usize): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    const ones = v128.load(ONES);
    let s0 = i32x4.splat(0), s1 = s0;
    for (const end = panel + (<usize> steps << 5); panel < end; panel += 32) {
      s0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(panel), ones, s0);
      s1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(panel, 16), ones, s1);
    }
    v128.store(to, i32x4.neg(i32x4.shl(s0, 13)));
    v128.store(to, i32x4.neg(i32x4.shl(s1, 13)), 16);
  }
}

/**
 * All rows by two relaxed dots: with x + 8192 = 128·h + l and w' the stored code (w + offset),
 * Σ x·w = 128·Σ h·w' + Σ l·w' − 8192·Σ w' − offset·Σ x. The i16 form takes over at a block with a code beyond 14 bits.
 */
function gemm_digits(
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
  offset: i32,
): void {
  const k4 = (k + 3) & ~3, steps = k4 >> 2;
  const block = block_rows(m, k4, 2);
  const a = align(scratch + epilogue_scratch(n));
  const correction = align(a + ((<usize> block * <usize> k4) << 1)),
    columns = align(correction + (<usize> block << 2)),
    strip = columns + 64;
  const a_size = <usize> k4 << 3, b_size = <usize> k4 << 3;
  for (let i0 = 0; i0 < m; i0 += block) {
    const rows = min(block, m - i0);
    const y0 = y + <usize> i0 * ldy;
    if (!pack_a_digits(x + <usize> i0 * ldx, ldx, rows, k, a, correction, offset)) {
      gemm_i16(x, ldx, m, k, panels, n, y, ldy, ep, scratch, offset, true, i0);
      return;
    }
    for (let j = 0; j << 3 < n; j++) {
      const panel = panels + <usize> j * b_size, direct = direct_rows(ep, rows, j, n);
      let tile = a, sum = correction, c = y0 + (<usize> j << 5), ld = ldy;
      column_corrections(panel, steps, columns);
      for (let i = 0; i < rows; i += 4, tile += a_size, sum += 16, c += ld << 2) {
        if (i == direct) c = strip + (<usize> i << 5), ld = 32;
        mk_i14_4x8_dot2(tile, panel, c, ld, steps, sum, columns);
      }
      epilogue_panel(
        ep,
        scratch,
        j,
        strip + (<usize> direct << 5),
        rows - direct,
        n,
        y0 + <usize> direct * ldy,
        ldy,
        i0 + direct,
      );
    }
  }
}

/** Columns 0 0 1 1 and 2 2 3 3, halves of four k each → 0 1 2 3. */
// @ts-ignore: decorator
@inline
function sum_pairs(s: v128, t: v128): v128 {
  return i32x4.add(v128.shuffle<i32>(s, t, 0, 2, 4, 6), v128.shuffle<i32>(s, t, 1, 3, 5, 7));
}

/** One row over one panel; a is i16 [4·steps]. */
function mk_i16_1x8(a: usize, panel: usize, strip: usize, steps: i32, offset: i32): void {
  let c0 = i32x4.splat(0), c1 = c0, c2 = c0, c3 = c0;
  if (offset) {
    const bias = i8x16.splat(<i8> offset);
    for (const end = a + (<usize> steps << 3); a < end; a += 8, panel += 32) {
      const t = v128.load64_splat(a),
        u = i8x16.sub(v128.load(panel), bias),
        v = i8x16.sub(v128.load(panel, 16), bias);
      c0 = i32x4.add(c0, i32x4.dot_i16x8_s(t, i16x8.extend_low_i8x16_s(u)));
      c1 = i32x4.add(c1, i32x4.dot_i16x8_s(t, i16x8.extend_high_i8x16_s(u)));
      c2 = i32x4.add(c2, i32x4.dot_i16x8_s(t, i16x8.extend_low_i8x16_s(v)));
      c3 = i32x4.add(c3, i32x4.dot_i16x8_s(t, i16x8.extend_high_i8x16_s(v)));
    }
  } else {
    for (const end = a + (<usize> steps << 3); a < end; a += 8, panel += 32) {
      const t = v128.load64_splat(a);
      c0 = i32x4.add(c0, i32x4.dot_i16x8_s(t, v128.load8x8_s(panel)));
      c1 = i32x4.add(c1, i32x4.dot_i16x8_s(t, v128.load8x8_s(panel, 8)));
      c2 = i32x4.add(c2, i32x4.dot_i16x8_s(t, v128.load8x8_s(panel, 16)));
      c3 = i32x4.add(c3, i32x4.dot_i16x8_s(t, v128.load8x8_s(panel, 24)));
    }
  }
  v128.store(strip, sum_pairs(c0, c1));
  v128.store(strip, sum_pairs(c2, c3), 16);
}

/** Few rows by i16 products; `offset` as above. */
export function gemv_i16(
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
  offset: i32,
  wide: bool,
): void {
  const k4 = (k + 3) & ~3;
  const a = align(scratch + epilogue_scratch(n));
  const strip = align(a + <usize> m * (<usize> k4 << 1));
  for (let i = 0; i < m; i++) {
    const to = a + <usize> i * (<usize> k4 << 1);
    if (wide) pack_row_i16(x + <usize> i * ldx, k, to);
    else pack_row_i8_i16(x + <usize> i * ldx, k, to);
  }
  for (let j = 0; j << 3 < n; j++) {
    const panel = panels + <usize> j * (<usize> k4 << 3);
    for (let i = 0; i < m; i++) {
      mk_i16_1x8(
        a + <usize> i * (<usize> k4 << 1),
        panel,
        strip + (<usize> i << 5),
        k4 >> 2,
        offset,
      );
    }
    epilogue_panel(ep, scratch, j, strip, m, n, y, ldy, 0);
  }
}
