// The end of the products of integer language models, and of all else of theirs that is requantised; 64-bit integers throughout:
//
//   r = clamp32(round((acc + bias[c])·m[c] / 2^e))              one e
//   y = clamp(r [+ zero_point[c], or identity], low, high)         the sum is exact: what leaves 32 bits is beyond low and high
//
// A row of n sums is n/8 panels of one row.
import { Epilogue } from "./epilogue";
import { product4, Shift, sum_saturated } from "./shift_i64";
import { store_codes, store_words } from "./tail";

/** Four elements of an array with one entry or one a column; what is past its end is dropped later. */
// @ts-ignore: decorator
@inline
function four(array: usize, each: bool): v128 {
  return each ? v128.load(array) : v128.load32_splat(array);
}

/**
 * Panels of 8 columns from number j on, as many as n columns have.
 * @param strip i32 [rows][8] of each panel, panels `step` bytes apart
 * @param y element (0, 0), rows `ldy` bytes apart
 * @param row of y in the addend
 */
export function epilogue_shifted(
  ep: Epilogue,
  j: i32,
  panels: i32,
  strip: usize,
  step: usize,
  rows: i32,
  n: i32,
  y: usize,
  ldy: usize,
  row: i32,
): void {
  const each = ep.per_channel != 0, shift = changetype<Shift>(ep.e), bytes = ep.bytes;
  const e = shift.e,
    half = shift.addend,
    top = shift.offset,
    odd = shift.odd,
    saturates = shift.saturates;
  const wide = ep.addend_wide, stride = ep.addend_stride;
  const low = i32x4.splat(ep.low), high = i32x4.splat(ep.high);
  for (let at = <usize> j << 5, left = n - (j << 3); panels > 0; panels--, at += 32, left -= 8) {
    let b0 = i32x4.splat(0), b1 = b0;
    if (ep.bias) b0 = v128.load(ep.bias + at), b1 = v128.load(ep.bias + at, 16);
    const m = ep.m + (each ? at : 0), m0 = four(m, each), m1 = four(m + (each ? 16 : 0), each);
    let addend = ep.addend, to = y + (at >> 2) * bytes;
    if (addend) addend += <usize> row * stride + (wide ? at : 0);
    for (let s = strip, end = strip + (<usize> rows << 5); s < end; s += 32) {
      const z0 = i32x4.add(v128.load(s), b0), z1 = i32x4.add(v128.load(s, 16), b1);
      let q0 = product4(z0, m0, e, half, top, odd, saturates),
        q1 = product4(z1, m1, e, half, top, odd, saturates);
      if (addend) {
        q0 = sum_saturated(q0, four(addend, wide));
        q1 = sum_saturated(q1, four(addend + (wide ? 16 : 0), wide));
      }
      q0 = i32x4.max_s(i32x4.min_s(q0, high), low);
      q1 = i32x4.max_s(i32x4.min_s(q1, high), low);
      if (bytes < 4) store_codes(to, i16x8.narrow_i32x4_s(q0, q1), left, bytes == 2);
      else {
        store_words(to, q0, left);
        if (left > 4) store_words(to + 16, q1, left - 4);
      }
      to += ldy;
      addend += stride;
    }
    strip += step;
  }
}

/** One row of n sums, i32, readable in vectors of eight. */
export function requantize_shifted(ep: Epilogue, z: usize, n: i32, y: usize): void {
  epilogue_shifted(ep, 0, (n + 7) >> 3, z, 32, 1, n, y, 0, 0);
}
