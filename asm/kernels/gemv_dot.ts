// Few rows by the dot product; arguments as in gemm_i8.ts. x is the signed operand, the weights are the other one: i7 codes as stored,
// w' = w + 64; i8 as w' = w + 128 (`unsigned`: the top bit is flipped) or as they are (`signed`). Σ x·w = Σ x·w' − 64·Σ x, or 128, or 0.
// With 16 bits (`unsigned` only) x = 256·h + l, both signed bytes where x < 32640 (gemv_digits.ts): Σ x·w' = 256·Σ h·w' + Σ l·w'.
// Exactness: as in gemm_dot.ts.
import { align } from "./blocks";
import { dot } from "./dot";
import { DOT_UNSIGNED } from "./dot_forms";
import { Epilogue, epilogue_scratch, OUT_SHIFTED } from "./epilogue";
import { epilogue_panel, epilogue_panels } from "./epilogue_panel";
import { mk_digits_1x8, split_digits } from "./gemv_digits";
import { lane0, lane1, lane2, lane3 } from "./lanes";
import { row_sums } from "./pack_dot";

/** One row over one panel, its bytes flipped; eight accumulators, because the dot product takes five cycles to return. a is readable to a multiple of 16. */
function mk_x_1x8(
  a: usize,
  panel: usize,
  strip: usize,
  steps: i32,
  correction: i32,
  flip: v128,
): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    let c0 = i32x4.splat(correction),
      c1 = c0,
      d0 = i32x4.splat(0),
      d1 = d0,
      e0 = d0,
      e1 = d0,
      f0 = d0,
      f1 = d0;
    for (const end = a + (<usize> (steps & ~3) << 2); a < end; a += 16, panel += 128) {
      const v = v128.load(a);
      let t = lane0(v);
      c0 = dot(t, v128.xor(v128.load(panel), flip), c0);
      c1 = dot(t, v128.xor(v128.load(panel, 16), flip), c1);
      t = lane1(v);
      d0 = dot(t, v128.xor(v128.load(panel, 32), flip), d0);
      d1 = dot(t, v128.xor(v128.load(panel, 48), flip), d1);
      t = lane2(v);
      e0 = dot(t, v128.xor(v128.load(panel, 64), flip), e0);
      e1 = dot(t, v128.xor(v128.load(panel, 80), flip), e1);
      t = lane3(v);
      f0 = dot(t, v128.xor(v128.load(panel, 96), flip), f0);
      f1 = dot(t, v128.xor(v128.load(panel, 112), flip), f1);
    }
    for (let left = steps & 3; left > 0; left--, a += 4, panel += 32) {
      const t = v128.load32_splat(a);
      c0 = dot(t, v128.xor(v128.load(panel), flip), c0);
      c1 = dot(t, v128.xor(v128.load(panel, 16), flip), c1);
    }
    v128.store(strip, i32x4.add(i32x4.add(c0, d0), i32x4.add(e0, f0)));
    v128.store(strip, i32x4.add(i32x4.add(c1, d1), i32x4.add(e1, f1)), 16);
  }
}

/** All rows, each panel while it is in L1. `offset`: 0 for i8 panels, 64 for i7; `wide`: x has 16 bits, and `digits_fit`. */
export function gemv_dot(
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
  form: i32,
): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    const k4 = (k + 3) & ~3, k16 = <usize> ((k + 15) & ~15);
    const top = offset == 0 && form == DOT_UNSIGNED ? 128 : 0;
    const flip = i8x16.splat(<i8> top), factor = -(top | offset);
    // rows are copied so that what follows k is zero
    const a = align(scratch + epilogue_scratch(n));
    const corrections = a + ((<usize> m * k16) << usize(wide));
    // as in gemv_i16
    const shifted = ep.out == OUT_SHIFTED, rows = <usize> m << 5;
    let strip = shifted ? scratch : align(corrections + 32);
    if (wide) {
      for (let i: usize = 0; i < <usize> m; i++) {
        const sum = split_digits(x + i * ldx, k, a + ((i * k16) << 1), k16);
        store<i32>(corrections + (i << 2), factor * sum);
      }
    } else {
      for (let i = 0; i < m; i++) {
        const to = a + <usize> i * k16;
        v128.store(to + k16 - 16, i32x4.splat(0));
        memory.copy(to, x + <usize> i * ldx, <usize> k);
      }
      row_sums(a, k16, m, k, factor, corrections);
    }
    let panel = panels;
    for (let j = 0; j << 3 < n; j++, panel += <usize> k4 << 3) {
      for (let i: usize = 0; i < <usize> m; i++) {
        const correction = load<i32>(corrections + (i << 2)), to = strip + (i << 5);
        if (wide) {
          mk_digits_1x8(a + ((i * k16) << 1), k16, panel, to, k4 >> 2, correction, flip);
        } else mk_x_1x8(a + i * k16, panel, to, k4 >> 2, correction, flip);
      }
      if (shifted) strip += rows;
      else epilogue_panel(ep, scratch, j, strip, m, n, y, ldy, 0);
    }
    if (shifted) epilogue_panels(ep, scratch, m, n, y, ldy);
  }
}
