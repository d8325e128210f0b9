// GEMM and GEMV by the dot product (dot.ts); arguments as in gemm_i8.ts. What is a legal second operand depends on its form:
//
//   unsigned  x' = x + 128 in 0…255: Σ x·w = Σ w·x' − 128·Σ w. With 16 bits x + 2^15 = 256·h + l: Σ x·w = 256·Σ w·h + Σ w·l − 2^15·Σ w
//   signed    x itself. With 16 bits x = 256·h + l + 128, h and l in −128…127: 256·Σ w·h + Σ w·l + 128·Σ w
//   seven     i7 panels as stored, w' = w + 64: Σ x·w' − 64·Σ x. i8 panels are split once for a block of rows: w = 2h + l − 128,
//             h = ((w+128) >> 1) in 0…127, l in 0…1: Σ x·w = 2·(Σ x·h − 64·Σ x) + Σ x·l
//             x of 14 bits: x + 8192 = 128·h + l, digits of seven bits: 128·Σ w·h + Σ w·l − 8192·Σ w; others by gemm_i16.ts
//
// Σ w are the sums of the panel's columns as it is stored, by a dot product with ones, once for a block of rows. Where the panel is i7, its
// codes w' stand for w, and −64·Σ x is added. k past the end: x = 0 in the panels, w whatever is stored.
// Exactness: each dot product is exact modulo 2^32 in its form; so are shifts and sums, and |Σ x·w| < 2^31 of 8-bit x for k < 2^17.
import { align, block_rows, direct_rows } from "./blocks";
import { dot } from "./dot";
import { DOT_SEVEN, DOT_SIGNED, DOT_UNSIGNED } from "./dot_forms";
import { Epilogue, epilogue_scratch } from "./epilogue";
import { epilogue_panel } from "./epilogue_panel";

import { gemm_i16 } from "./gemm_i16";
import { mk_w_4x8, mk_w_6x8, mk_x_4x8 } from "./microkernels_dot";
import { pack_a_i8 } from "./pack";
import { pack_a_bytes, pack_a_digits, sum_row } from "./pack_dot";

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

/** `seven`: i7 panels as they are, i8 panels split. */
export function gemm_seven(
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
  const block = block_rows(m, k4, 1, 4);
  const a = align(scratch + epilogue_scratch(n));
  const b = align(a + <usize> block * <usize> k4);
  const sums = align(b + (<usize> k4 << 4));
  const strip = align(sums + (<usize> block << 2));
  const a_size = <usize> k4 << 2, b_size = <usize> k4 << 3, steps = k4 >> 2;
  for (let i0 = 0; i0 < m; i0 += block) {
    const rows = min(block, m - i0);
    const y0 = y + <usize> i0 * ldy;
    pack_a_i8(x + <usize> i0 * ldx, ldx, rows, k, a, sums, 6);
    for (let j = 0; j << 3 < n; j++) {
      const panel = panels + <usize> j * b_size, direct = direct_rows(ep, rows, j, n, 4);
      let tile = a, sum = sums, c = y0 + (<usize> j << 5), ld = ldy;
      if (split) split_panel(panel, steps, b);
      for (let i = 0; i < rows; i += 4, tile += a_size, sum += 16, c += ld << 2) {
        if (i == direct) c = strip + (<usize> i << 5), ld = 32;
        mk_x_4x8(tile, split ? b : panel, c, ld, steps, sum, split);
      }
      finish(ep, scratch, j, strip, rows, direct, n, y0, ldy, i0);
    }
  }
}

/** The epilogue of the rows of a panel that the microkernel has not stored in y. */
// @ts-ignore: decorator
@inline
function finish(
  ep: Epilogue,
  scratch: usize,
  j: i32,
  strip: usize,
  rows: i32,
  direct: i32,
  n: i32,
  y: usize,
  ldy: usize,
  i0: i32,
): void {
  epilogue_panel(
    ep,
    scratch,
    j,
    strip + (<usize> direct << 5),
    rows - direct,
    n,
    y + <usize> direct * ldy,
    ldy,
    i0 + direct,
  );
}

// u7 ones
const ONES: usize = memory.data<u8>([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], 16);

/** factor·Σ_k of the codes of each column, as they are stored. */
export function column_sums(panel: usize, steps: i32, factor: i32, to: usize): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    const ones = v128.load(ONES), f = i32x4.splat(factor);
    let s0 = i32x4.splat(0), s1 = s0;
    if (factor) {
      for (const end = panel + (<usize> steps << 5); panel < end; panel += 32) {
        s0 = dot(v128.load(panel), ones, s0);
        s1 = dot(v128.load(panel, 16), ones, s1);
      }
    }
    v128.store(to, i32x4.mul(s0, f));
    v128.store(to, i32x4.mul(s1, f), 16);
  }
}

/** What Σ w is multiplied by, with x of 16 bits (`wide`) or 8. */
// @ts-ignore: decorator
@inline
export function column_factor(form: i32, wide: bool): i32 {
  return form == DOT_UNSIGNED ? (wide ? -32768 : -128) : form == DOT_SEVEN ? -8192 : wide ? 128 : 0;
}

/** Activations as the second operand: `unsigned` and `signed`, and `seven` where x has 16 bits. `offset`: 0 for i8 panels, 64 for i7. */
export function gemm_bytes(
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
  const k4 = (k + 3) & ~3, steps = k4 >> 2;
  const height = form == DOT_SEVEN ? 4 : 6, unit = 1 + i32(wide);
  const block = block_rows(m, k4, unit, height);
  const a = align(scratch + epilogue_scratch(n));
  const sums = align(a + <usize> (block * unit) * <usize> k4),
    columns = align(sums + (<usize> block << 2)),
    strip = columns + 64;
  const a_size = <usize> (k4 * unit), b_size = <usize> k4 << 3;
  const shift = wide ? (form == DOT_SEVEN ? 7 : 8) : 0, factor = column_factor(form, wide);
  for (let i0 = 0; i0 < m; i0 += block) {
    const rows = min(block, m - i0);
    const from = x + <usize> i0 * ldx, y0 = y + <usize> i0 * ldy;
    // what is left of the last tile of 6 may fit 4
    const rest = rows % height, low = rest > 0 && rest <= 4 ? rows - rest : rows;
    if (wide) {
      if (!pack_a_digits(from, ldx, rows, k, a, sums, offset, form, height, low)) {
        gemm_i16(x, ldx, m, k, panels, n, y, ldy, ep, scratch, offset, true, i0);
        return;
      }
    } else {
      pack_a_bytes(from, ldx, rows, k, a, form, height, low);
      for (let i = 0; i < rows; i++) {
        store<i32>(
          sums + (<usize> i << 2),
          offset ? -offset * sum_row(from + <usize> i * ldx, k) : 0,
        );
      }
    }
    for (let j = 0; j << 3 < n; j++) {
      const panel = panels + <usize> j * b_size, direct = direct_rows(ep, rows, j, n, height);
      let tile = a, sum = sums, c = y0 + (<usize> j << 5), ld = ldy;
      column_sums(panel, steps, factor, columns);
      for (let i = 0; i < rows; i += height) {
        if (i == direct) c = strip + (<usize> i << 5), ld = 32;
        if (i < low && height > 4) mk_w_6x8(tile, panel, c, ld, steps, shift, sum, columns);
        else mk_w_4x8(tile, panel, c, ld, steps, shift, sum, columns);
        tile += a_size * height;
        sum += <usize> height << 2;
        c += ld * height;
      }
      finish(ep, scratch, j, strip, rows, direct, n, y0, ldy, i0);
    }
  }
}
