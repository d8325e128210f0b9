// GEMM and GEMV by the dot product (dot.ts); arguments as in gemm_i8.ts. What is a legal second operand depends on its form:
//
//   unsigned  x' = x + 128 in 0…255: Σ x·w = Σ w·x' − 128·Σ w. With 16 bits x + 2^15 = 256·h + l: Σ x·w = 256·Σ w·h + Σ w·l − 2^15·Σ w
//   signed    x itself. With 16 bits x = 256·h + l + 128, h and l in −128…127: 256·Σ w·h + Σ w·l + 128·Σ w
//   seven     i7 panels as stored, w' = w + 64: Σ x·w' − 64·Σ x, by pairs of products, |x·w' + x·w'| < 2^15. All else by gemm_i16.ts: digits of seven bits take two dot products, and a host
//             of this form makes three instructions of each (Node 22, 197×192×576: 17 GOP/s with digits, 97 with 16 bits)
//
// Σ w are the sums of the panel's columns as it is stored, by a dot product with ones, once for a block of rows. Where the panel is i7, its
// codes w' stand for w, and −64·Σ x is added. k past the end: x = 0 in the panels, w whatever is stored.
// Exactness: each dot product is exact modulo 2^32 in its form; so are shifts and sums, and |Σ x·w| < 2^31 of 8-bit x for k < 2^17.
import { align, block_rows, direct_rows, TALL } from "./blocks";
import { dot } from "./dot";
import { DOT_SEVEN, DOT_SIGNED, DOT_UNSIGNED } from "./dot_forms";
import { Epilogue, epilogue_scratch } from "./epilogue";
import { epilogue_panel } from "./epilogue_panel";

import { mk_w_4x8, mk_w_6x8, mk_x_4x8 } from "./microkernels_dot";
import { ONES, pack_a_bytes, pack_a_digits, row_sums } from "./pack_dot";

/** Rows of a tile. */
// @ts-ignore: decorator
@inline
export function height_of(form: i32): i32 {
  return form == DOT_SEVEN ? 4 : TALL;
}

/** First row of a last tile of 4, where what is left of the taller ones fits that; else `rows`. */
// @ts-ignore: decorator
@inline
export function low_tile(rows: i32, height: i32): i32 {
  const rest = rows % height;
  return rest > 0 && rest <= 4 ? rows - rest : rows;
}

/** All tiles by one panel; X is the signed operand in `seven`, else W. */
export function multiply_tiles(
  a: usize,
  panel: usize,
  steps: i32,
  shift: i32,
  rows: i32,
  height: i32,
  low: i32,
  sums: usize,
  columns: usize,
  c: usize,
  ld: usize,
  form: i32,
): void {
  const bytes = <usize> (height * (steps << (shift ? 3 : 2)));
  for (
    let i = 0;
    i < rows;
    i += height, a += bytes, sums += <usize> height << 2, c += ld * height
  ) {
    if (form == DOT_SEVEN) mk_x_4x8(a, panel, c, ld, steps, 1, sums, 0, 0, 0);
    else if (height > 4 && i < low) mk_w_6x8(a, panel, c, ld, steps, shift, sums, columns);
    else mk_w_4x8(a, panel, c, ld, steps, shift, sums, columns);
  }
}

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

/** `column_sums` of panels one after another. */
export function panel_sums(packed: usize, panels: i32, steps: i32, factor: i32, to: usize): void {
  for (let j = 0; j < panels; j++, packed += <usize> steps << 5, to += 32) {
    column_sums(packed, steps, factor, to);
  }
}

/**
 * One tile of 4 rows by panels of `panel_steps` steps, of which `steps` count; what panel j gives begins j·`apart` bytes behind c.
 * @param zeros i32[4], 0
 * @param sums i32 [panels][8]
 */
export function by_panels(
  a: usize,
  packed: usize,
  panel_steps: i32,
  c: usize,
  apart: usize,
  ld: usize,
  panels: i32,
  steps: i32,
  shift: i32,
  zeros: usize,
  sums: usize,
): void {
  for (
    const end = sums + (<usize> panels << 5);
    sums < end;
    sums += 32, packed += <usize> panel_steps << 5, c += apart
  ) {
    mk_w_4x8(a, packed, c, ld, steps, shift, zeros, sums);
  }
}

/** What Σ w is multiplied by, with x of 16 bits (`wide`) or 8. */
// @ts-ignore: decorator
@inline
export function column_factor(form: i32, wide: bool): i32 {
  return form == DOT_UNSIGNED ? (wide ? -32768 : -128) : form == DOT_SIGNED && wide ? 128 : 0;
}

/** Many rows. `offset`: 0 for i8 panels, 64 for i7; `wide`: x has 16 bits. `seven` takes i7 panels and 8 bits only. */
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
  offset: i32,
  wide: bool,
  form: i32,
): void {
  const k4 = (k + 3) & ~3, steps = k4 >> 2;
  const height = height_of(form), unit = 1 + i32(wide);
  const block = block_rows(m, k4, unit, height);
  const a = align(scratch + epilogue_scratch(n)),
    sums = align(a + <usize> (block * unit) * <usize> k4),
    columns = align(sums + (<usize> block << 2)),
    strip = columns + 64;
  const b_size = <usize> k4 << 3;
  const shift = wide ? 8 : 0, factor = column_factor(form, wide);
  for (let i0 = 0; i0 < m; i0 += block) {
    const rows = min(block, m - i0);
    const from = x + <usize> i0 * ldx, y0 = y + <usize> i0 * ldy;
    const low = low_tile(rows, height);
    if (wide) pack_a_digits(from, ldx, rows, k, a, sums, offset, form, height, low);
    else {
      pack_a_bytes(from, ldx, rows, k, a, form, height, low);
      row_sums(from, ldx, rows, k, -offset, sums);
    }
    for (let j = 0; j << 3 < n; j++) {
      const panel = panels + <usize> j * b_size, direct = direct_rows(ep, rows, j, n, height);
      column_sums(panel, steps, factor, columns);
      if (direct) {
        const c = y0 + (<usize> j << 5);
        multiply_tiles(
          a,
          panel,
          steps,
          shift,
          direct,
          height,
          low,
          sums,
          columns,
          c,
          ldy,
          form,
        );
      }
      const done = <usize> direct;
      multiply_tiles(
        a + done * <usize> (k4 * unit),
        panel,
        steps,
        shift,
        rows - direct,
        height,
        low - direct,
        sums + (done << 2),
        columns,
        strip + (done << 5),
        32,
        form,
      );
      epilogue_panel(
        ep,
        scratch,
        j,
        strip + (done << 5),
        rows - direct,
        n,
        y0 + done * ldy,
        ldy,
        i0 + direct,
      );
    }
  }
}
