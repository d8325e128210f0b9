// GEMM and GEMV by products of 16 bits (i32x4.dot_i16x8_s): gemm_i8.ts in the simd build, and whatever has no form of the dot product.
// Sums wrap modulo 2^32; every i16 operand is exact.
//
//   many rows  A widened to i16 panels, each W panel widened once for a block of rows
//   few rows   each panel is extended from registers, once a row, while it is in L1
import { align, block_rows, direct_rows } from "./blocks";
import { Epilogue, epilogue_scratch, OUT_SHIFTED } from "./epilogue";
import { epilogue_panel, epilogue_panels } from "./epilogue_panel";

import { mk_i16_4x8 } from "./microkernels";
import { pack_a_i16, pack_a_i8_i16, pack_row_i16, pack_row_i8_i16, widen_panel } from "./pack";

/** Widest panel kept widened, in k: 1536·16 bytes = 24 KiB of L1. */
const K_BLOCK: i32 = 1536;

/** All rows by i16 products; `offset` is subtracted from every code (0, or 64 for i7); `wide`: x is i16. */
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
): void {
  const k4 = (k + 3) & ~3;
  const block = block_rows(m, k4, 4, 4);
  const a = align(scratch + epilogue_scratch(n));
  const b = align(a + ((<usize> block * <usize> k4) << 2));
  const k_blocks = (k4 + K_BLOCK - 1) / K_BLOCK;
  const k_block = ((k4 + k_blocks - 1) / k_blocks + 3) & ~3;
  const strip = align(b + (<usize> k_block << 4));
  const a_size = <usize> k4 << 4, b_size = <usize> k4 << 3;
  for (let i0 = 0; i0 < m; i0 += block) {
    const rows = min(block, m - i0);
    const y0 = y + <usize> i0 * ldy;
    if (wide) pack_a_i16(x + <usize> i0 * ldx, ldx, rows, k, a);
    else pack_a_i8_i16(x + <usize> i0 * ldx, ldx, rows, k, a);
    for (let j = 0; j << 3 < n; j++) {
      const panel = panels + <usize> j * b_size,
        direct = direct_rows(ep, rows, j, n, 4),
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

/** Columns 0 0 1 1 and 2 2 3 3, halves of four k each → 0 1 2 3. */
// @ts-ignore: decorator
@inline
function sum_pairs(s: v128, t: v128): v128 {
  return i32x4.add(v128.shuffle<i32>(s, t, 0, 2, 4, 6), v128.shuffle<i32>(s, t, 1, 3, 5, 7));
}

/** One row over one panel; a is i16 [4·steps]. */
function mk_i16_1x8(a: usize, panel: usize, strip: usize, steps: i32, offset: i32): void {
  const bias = i8x16.splat(<i8> offset);
  let c0 = i32x4.splat(0), c1 = c0, c2 = c0, c3 = c0;
  // whole loads, extended from registers: five narrow ones cost more where bounds are checked in software (RATIONALE.md)
  for (const end = a + (<usize> steps << 3); a < end; a += 8, panel += 32) {
    const t = v128.load64_splat(a);
    let u = v128.load(panel), v = v128.load(panel, 16);
    if (offset) u = i8x16.sub(u, bias), v = i8x16.sub(v, bias);
    c0 = i32x4.add(c0, i32x4.dot_i16x8_s(t, i16x8.extend_low_i8x16_s(u)));
    c1 = i32x4.add(c1, i32x4.dot_i16x8_s(t, i16x8.extend_high_i8x16_s(u)));
    c2 = i32x4.add(c2, i32x4.dot_i16x8_s(t, i16x8.extend_low_i8x16_s(v)));
    c3 = i32x4.add(c3, i32x4.dot_i16x8_s(t, i16x8.extend_high_i8x16_s(v)));
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
  // shifted ones need no records, and end all together: their strips are where the records would be
  const shifted = ep.out == OUT_SHIFTED, rows = <usize> m << 5;
  let strip = shifted ? scratch : align(a + <usize> m * (<usize> k4 << 1));
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
    if (shifted) strip += rows;
    else epilogue_panel(ep, scratch, j, strip, m, n, y, ldy, 0);
  }
  if (shifted) epilogue_panels(ep, scratch, m, n, y, ldy);
}
