// gemm_i8_i8_4x8 and gemm_i8_i7_4x8: y = epilogue(X · Wᵀ), X i8 [m][k], W [n][k] in canonical panels, i32 accumulators.
//
//   x        i8, row-major, `ldx` bytes between rows
//   panels   i8 [⌈n/8⌉][⌈k/4⌉][8][4], two's complement; i7: codes −63 … 63 stored +64 (pack.ts of src/program)
//   y        type and meaning by the epilogue, `ldy` bytes between rows
//   scratch  gemm_i8_scratch(m, k, n) bytes, 16-byte aligned for speed only
//
// Exactness: bit-exact for every operand. |Σ| ≤ k·2^14, so k < 2^17 keeps i32; intermediate forms wrap modulo 2^32 and cancel.
//
// Three inner forms give the same integers:
//   i16   A widened to i16 panels, each W panel widened once for a block of rows, i32x4.dot_i16x8_s. The simd build; and W8 where `tune` = 0.
//   dot   relaxed build: i8 × u7 → i32 in one builtin (vpdpbusd, sdot). i7 panels as stored: Σ a·(w+64) − 64·Σa.
//         i8 panels are split once for a block of rows: w = 2h + l − 128, h = ((w+128) >> 1) in 0…127, l in 0…1:
//         Σ a·w = 2·(Σ a·h − 64·Σa) + Σ a·l. Twice the i7 work, and still 1.15 times the i16 form where the builtin is one instruction.
//   madd  relaxed build, `tune` = 0, i7 only: pmaddubsw and pmaddwd.
// Few rows: no widening of panels pays below eight rows, `gemv_*` reads each panel once and runs all rows over it.

import { Epilogue, epilogue_panel, epilogue_prepare, epilogue_scratch, OUT_I32 } from "./epilogue";
import { mk_i16_4x8, mk_i7_4x8_dot, mk_i7_4x8_madd, mk_i8_4x8_dot2 } from "./microkernels";
import { pack_a_i8, pack_a_i8_i16, pack_row_i8_i16, widen_panel } from "./pack";

/**
 * Relaxed build: 1 if the dot builtin is one or two machine instructions (AVX-VNNI, ARM dotprod), 0 if it is pmaddubsw and pmaddwd. It
 * changes time, never a result. The host may set it once, before any run, to the faster of the two (see bench/kernels/gemm.ts).
 */
export let tune: i32 = 1;

/** Widest panel kept widened, in k: 1536·16 bytes = 24 KiB of L1. */
const K_BLOCK: i32 = 1536;
/** Rows up to which the GEMV form wins. */
const FEW_ROWS: i32 = 7;
/** L2 bytes given to A panels. */
const A_BYTES: i32 = 1 << 19;

/** Rows of a block: as equal as possible, a multiple of 4, with A panels of about A_BYTES (`unit` bytes per element). */
// @ts-ignore: decorator
@inline export function block_rows(m: i32, k: i32, unit: i32): i32 {
  const most = min(max(A_BYTES / (unit * k), 64), 256);
  const blocks = (m + most - 1) / most;
  return ((m + blocks - 1) / blocks + 3) & ~3;
}

// @ts-ignore: decorator
@inline function align(p: usize): usize {
  return (p + 63) & ~63;
}

/** Bytes of scratch for both gemm_i8 and gemm_i7. */
export function gemm_i8_scratch(m: i32, k: i32, n: i32): usize {
  const k4 = (k + 3) & ~3;
  const rows = m <= FEW_ROWS ? 8 : max(block_rows(m, k4, 4), block_rows(m, k4, 1));
  return align(epilogue_scratch(n)) + <usize>rows * <usize>k4 * 4 + <usize>rows * 36 + <usize>k4 * 16 + 512;
}

/** y = epilogue(X·Wᵀ), W i8. See the head of the file. */
export function gemm_i8(x: usize, ldx: usize, m: i32, k: i32, panels: usize, n: i32, y: usize, ldy: usize, epilogue: usize, scratch: usize): void {
  const ep = changetype<Epilogue>(epilogue);
  epilogue_prepare(ep, n, scratch);
  if (m <= FEW_ROWS) {
    gemv_i16(x, ldx, m, k, panels, n, y, ldy, ep, scratch, 0);
    return;
  }
  if (ASC_FEATURE_RELAXED_SIMD) {
    if (tune) {
      gemm_dot(x, ldx, m, k, panels, n, y, ldy, ep, scratch, true);
      return;
    }
  }
  gemm_i16(x, ldx, m, k, panels, n, y, ldy, ep, scratch, 0);
}

/** y = epilogue(X·Wᵀ), W i7. */
export function gemm_i7(x: usize, ldx: usize, m: i32, k: i32, panels: usize, n: i32, y: usize, ldy: usize, epilogue: usize, scratch: usize): void {
  const ep = changetype<Epilogue>(epilogue);
  epilogue_prepare(ep, n, scratch);
  if (ASC_FEATURE_RELAXED_SIMD) {
    if (m <= FEW_ROWS) gemv_dot(x, ldx, m, k, panels, n, y, ldy, ep, scratch);
    else gemm_dot(x, ldx, m, k, panels, n, y, ldy, ep, scratch, false);
  } else {
    if (m <= FEW_ROWS) gemv_i16(x, ldx, m, k, panels, n, y, ldy, ep, scratch, 64);
    else gemm_i16(x, ldx, m, k, panels, n, y, ldy, ep, scratch, 64);
  }
}

/** Rows, a multiple of 4, whose accumulators are the output of panel j: the microkernel stores them in y and not in the strip. */
// @ts-ignore: decorator
@inline function direct_rows(ep: Epilogue, rows: i32, j: i32, n: i32): i32 {
  return ep.out == OUT_I32 && ep.bias == 0 && (j << 3) + 8 <= n ? rows & ~3 : 0;
}

function gemm_i16(x: usize, ldx: usize, m: i32, k: i32, panels: usize, n: i32, y: usize, ldy: usize, ep: Epilogue, scratch: usize, offset: i32): void {
  const k4 = (k + 3) & ~3;
  const block = block_rows(m, k4, 4);
  const a = align(scratch + epilogue_scratch(n));
  const b = align(a + ((<usize>block * <usize>k4) << 2));
  const k_blocks = (k4 + K_BLOCK - 1) / K_BLOCK;
  const k_block = ((k4 + k_blocks - 1) / k_blocks + 3) & ~3;
  const strip = align(b + (<usize>k_block << 4));
  const a_size = <usize>k4 << 4, b_size = <usize>k4 << 3;
  for (let i0 = 0; i0 < m; i0 += block) {
    const rows = min(block, m - i0);
    const y0 = y + <usize>i0 * ldy;
    pack_a_i8_i16(x + <usize>i0 * ldx, ldx, rows, k, a);
    for (let j = 0; j << 3 < n; j++) {
      const panel = panels + <usize>j * b_size, direct = direct_rows(ep, rows, j, n), c = y0 + (<usize>j << 5);
      for (let k0 = 0; k0 < k4; k0 += k_block) {
        const kk = min(k_block, k4 - k0);
        widen_panel(panel + (<usize>k0 << 3), kk >> 2, offset, b);
        let tile = a + (<usize>k0 << 4);
        for (let i = 0; i < direct; i += 4, tile += a_size) mk_i16_4x8(tile, b, c + <usize>i * ldy, ldy, kk >> 1, i32(k0 != 0));
        for (let i = direct; i < rows; i += 4, tile += a_size) mk_i16_4x8(tile, b, strip + (<usize>i << 5), 32, kk >> 1, i32(k0 != 0));
      }
      epilogue_panel(ep, scratch, j, strip + (<usize>direct << 5), rows - direct, n, y0 + <usize>direct * ldy, ldy, i0 + direct);
    }
  }
}

// sign bit, h mask, l mask
const SPLIT: usize = memory.data<u8>([128, 127, 1]);

/** w → h, then l (see the head): `steps` steps of 32 bytes. */
function split_panel(panel: usize, steps: i32, to: usize): void {
  const flip = v128.load8_splat(SPLIT), seven = v128.load8_splat(SPLIT + 1), one = v128.load8_splat(SPLIT + 2);
  const size = <usize>steps << 5;
  for (const end = panel + size; panel < end; panel += 16, to += 16) {
    const w = v128.load(panel);
    v128.store(to, v128.and(i16x8.shr_u(v128.xor(w, flip), 1), seven));
    v128.store(to + size, v128.and(w, one));
  }
}

function gemm_dot(x: usize, ldx: usize, m: i32, k: i32, panels: usize, n: i32, y: usize, ldy: usize, ep: Epilogue, scratch: usize, split: bool): void {
  const k4 = (k + 3) & ~3;
  const block = block_rows(m, k4, 1);
  const a = align(scratch + epilogue_scratch(n));
  const b = align(a + <usize>block * <usize>k4);
  const correction = align(b + (<usize>k4 << 4));
  const strip = align(correction + (<usize>block << 2));
  const a_size = <usize>k4 << 2, b_size = <usize>k4 << 3, steps = k4 >> 2;
  const builtin = tune != 0;
  for (let i0 = 0; i0 < m; i0 += block) {
    const rows = min(block, m - i0);
    const y0 = y + <usize>i0 * ldy;
    pack_a_i8(x + <usize>i0 * ldx, ldx, rows, k, a, correction);
    for (let j = 0; j << 3 < n; j++) {
      const panel = panels + <usize>j * b_size, direct = direct_rows(ep, rows, j, n);
      let tile = a, sum = correction, c = y0 + (<usize>j << 5), ld = ldy;
      if (split) split_panel(panel, steps, b);
      for (let i = 0; i < rows; i += 4, tile += a_size, sum += 16, c += ld << 2) {
        if (i == direct) c = strip + (<usize>i << 5), ld = 32;
        if (split) mk_i8_4x8_dot2(tile, b, c, ld, steps, sum);
        else if (builtin) mk_i7_4x8_dot(tile, panel, c, ld, steps, sum);
        else mk_i7_4x8_madd(tile, panel, c, ld, steps, sum);
      }
      epilogue_panel(ep, scratch, j, strip + (<usize>direct << 5), rows - direct, n, y0 + <usize>direct * ldy, ldy, i0 + direct);
    }
  }
}

/** Few rows, i16 products: one row over one panel. Lanes of s: columns 0 0 1 1, …: halves of four k. */
// @ts-ignore: decorator
@inline function sum_pairs(s: v128, t: v128): v128 {
  return i32x4.add(v128.shuffle<i32>(s, t, 0, 2, 4, 6), v128.shuffle<i32>(s, t, 1, 3, 5, 7));
}

function mk_i16_1x8(a: usize, panel: usize, strip: usize, steps: i32, offset: i32): void {
  let c0 = i32x4.splat(0), c1 = c0, c2 = c0, c3 = c0;
  if (offset) {
    const bias = i8x16.splat(<i8>offset);
    for (const end = a + (<usize>steps << 3); a < end; a += 8, panel += 32) {
      const t = v128.load64_splat(a), u = i8x16.sub(v128.load(panel), bias), v = i8x16.sub(v128.load(panel, 16), bias);
      c0 = i32x4.add(c0, i32x4.dot_i16x8_s(t, i16x8.extend_low_i8x16_s(u)));
      c1 = i32x4.add(c1, i32x4.dot_i16x8_s(t, i16x8.extend_high_i8x16_s(u)));
      c2 = i32x4.add(c2, i32x4.dot_i16x8_s(t, i16x8.extend_low_i8x16_s(v)));
      c3 = i32x4.add(c3, i32x4.dot_i16x8_s(t, i16x8.extend_high_i8x16_s(v)));
    }
  } else {
    for (const end = a + (<usize>steps << 3); a < end; a += 8, panel += 32) {
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

function gemv_i16(x: usize, ldx: usize, m: i32, k: i32, panels: usize, n: i32, y: usize, ldy: usize, ep: Epilogue, scratch: usize, offset: i32): void {
  const k4 = (k + 3) & ~3;
  const a = align(scratch + epilogue_scratch(n));
  const strip = align(a + <usize>m * (<usize>k4 << 1));
  for (let i = 0; i < m; i++) pack_row_i8_i16(x + <usize>i * ldx, k, a + <usize>i * (<usize>k4 << 1));
  for (let j = 0; j << 3 < n; j++) {
    const panel = panels + <usize>j * (<usize>k4 << 3);
    for (let i = 0; i < m; i++) mk_i16_1x8(a + <usize>i * (<usize>k4 << 1), panel, strip + (<usize>i << 5), k4 >> 2, offset);
    epilogue_panel(ep, scratch, j, strip, m, n, y, ldy, 0);
  }
}

// i16 ones
const ONES: usize = memory.data<i16>([1, 1, 1, 1, 1, 1, 1, 1], 16);

// @ts-ignore: decorator
@inline function dot(a: v128, b: v128, c: v128): v128 {
  return i32x4.relaxed_dot_i8x16_i7x16_add_s(a, b, c);
}
// @ts-ignore: decorator
@inline function madd(a: v128, b: v128, c: v128, ones: v128): v128 {
  return i32x4.add(c, i32x4.dot_i16x8_s(v128.relaxed_dot<i16>(a, b), ones));
}
// @ts-ignore: decorator
@inline function lane0(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 0, 0, 0, 0);
}
// @ts-ignore: decorator
@inline function lane1(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 1, 1, 1, 1);
}
// @ts-ignore: decorator
@inline function lane2(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 2, 2, 2, 2);
}
// @ts-ignore: decorator
@inline function lane3(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 3, 3, 3, 3);
}

/** One row over one i7 panel; eight accumulators, because the builtin takes five cycles to return. a is readable to a multiple of 16. */
function mk_i7_1x8_dot(a: usize, panel: usize, strip: usize, steps: i32, correction: i32): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    let c0 = i32x4.splat(correction), c1 = c0, d0 = i32x4.splat(0), d1 = d0, e0 = d0, e1 = d0, f0 = d0, f1 = d0;
    for (const end = a + (<usize>(steps & ~3) << 2); a < end; a += 16, panel += 128) {
      const v = v128.load(a);
      let t = lane0(v);
      c0 = dot(t, v128.load(panel), c0);
      c1 = dot(t, v128.load(panel, 16), c1);
      t = lane1(v);
      d0 = dot(t, v128.load(panel, 32), d0);
      d1 = dot(t, v128.load(panel, 48), d1);
      t = lane2(v);
      e0 = dot(t, v128.load(panel, 64), e0);
      e1 = dot(t, v128.load(panel, 80), e1);
      t = lane3(v);
      f0 = dot(t, v128.load(panel, 96), f0);
      f1 = dot(t, v128.load(panel, 112), f1);
    }
    for (let left = steps & 3; left > 0; left--, a += 4, panel += 32) {
      const t = v128.load32_splat(a);
      c0 = dot(t, v128.load(panel), c0);
      c1 = dot(t, v128.load(panel, 16), c1);
    }
    v128.store(strip, i32x4.add(i32x4.add(c0, d0), i32x4.add(e0, f0)));
    v128.store(strip, i32x4.add(i32x4.add(c1, d1), i32x4.add(e1, f1)), 16);
  }
}

function mk_i7_1x8_madd(a: usize, panel: usize, strip: usize, steps: i32, correction: i32): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    const ones = v128.load(ONES);
    let c0 = i32x4.splat(correction), c1 = c0;
    for (const end = a + (<usize>steps << 2); a < end; a += 4, panel += 32) {
      const t = v128.load32_splat(a);
      c0 = madd(t, v128.load(panel), c0, ones);
      c1 = madd(t, v128.load(panel, 16), c1, ones);
    }
    v128.store(strip, c0);
    v128.store(strip, c1, 16);
  }
}

/** −64·Σ of `count` i8, zero padded to a multiple of 16. */
function correction_of(a: usize, count: i32): i32 {
  let s = i32x4.splat(0);
  for (const end = a + <usize>count; a < end; a += 16) s = i32x4.add(s, i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(v128.load(a))));
  return -64 * (i32x4.extract_lane(s, 0) + i32x4.extract_lane(s, 1) + i32x4.extract_lane(s, 2) + i32x4.extract_lane(s, 3));
}

function gemv_dot(x: usize, ldx: usize, m: i32, k: i32, panels: usize, n: i32, y: usize, ldy: usize, ep: Epilogue, scratch: usize): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    const k4 = (k + 3) & ~3, k16 = <usize>((k + 15) & ~15);
    // rows are copied so that what follows k is zero
    const a = align(scratch + epilogue_scratch(n));
    const corrections = a + <usize>m * k16, strip = align(corrections + 32);
    for (let i = 0; i < m; i++) {
      const to = a + <usize>i * k16;
      v128.store(to + k16 - 16, i32x4.splat(0));
      memory.copy(to, x + <usize>i * ldx, <usize>k);
      store<i32>(corrections + (<usize>i << 2), correction_of(to, k));
    }
    const builtin = tune != 0;
    for (let j = 0; j << 3 < n; j++) {
      const panel = panels + <usize>j * (<usize>k4 << 3);
      for (let i = 0; i < m; i++) {
        const correction = load<i32>(corrections + (<usize>i << 2));
        if (builtin) mk_i7_1x8_dot(a + <usize>i * k16, panel, strip + (<usize>i << 5), k4 >> 2, correction);
        else mk_i7_1x8_madd(a + <usize>i * k16, panel, strip + (<usize>i << 5), k4 >> 2, correction);
      }
      epilogue_panel(ep, scratch, j, strip, m, n, y, ldy, 0);
    }
  }
}
