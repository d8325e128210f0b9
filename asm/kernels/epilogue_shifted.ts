// The end of the products of integer language models, 64-bit integers throughout:
//
//   r = clamp32(round((acc + bias[c])·m[c] / 2^e))              half to even, one e
//   y = clamp(r [+ zero_point[c], or identity], low, high)         the sum is exact: what leaves 32 bits is beyond low and high
import { Epilogue } from "./epilogue";
import { product4, Shift, sum_saturated } from "./shift_i64";
import { store_codes, store_words } from "./tail";

/** Four elements of an array with one entry or one a column; what is past its end is dropped later. */
// @ts-ignore: decorator
@inline
function four(array: usize, each: bool): v128 {
  return each ? v128.load(array) : v128.load32_splat(array);
}

/** One panel of 8 columns; arguments as of `epilogue_panel`. */
export function epilogue_shifted(
  ep: Epilogue,
  j: i32,
  strip: usize,
  rows: i32,
  n: i32,
  y: usize,
  ldy: usize,
  row: i32,
): void {
  const left = n - (j << 3), at = <usize> j << 5, each = ep.per_channel != 0;
  const shift = changetype<Shift>(ep.e), bytes = ep.bytes;
  const e = shift.e,
    half = shift.addend,
    top = shift.offset,
    odd = shift.odd,
    saturates = shift.saturates;
  let b0 = i32x4.splat(0), b1 = b0;
  if (ep.bias) b0 = v128.load(ep.bias + at), b1 = v128.load(ep.bias + at, 16);
  const m = ep.m + (each ? at : 0), m0 = four(m, each), m1 = four(m + (each ? 16 : 0), each);
  const wide = ep.addend_wide, stride = ep.addend_stride;
  let addend = ep.addend;
  if (addend) addend += <usize> row * stride + (wide ? at : 0);
  const low = i32x4.splat(ep.low), high = i32x4.splat(ep.high);
  y += <usize> j * 8 * bytes;
  for (
    const end = strip + (<usize> rows << 5);
    strip < end;
    strip += 32, y += ldy, addend += stride
  ) {
    const z0 = i32x4.add(v128.load(strip), b0), z1 = i32x4.add(v128.load(strip, 16), b1);
    let q0 = product4(z0, m0, e, half, top, odd, saturates),
      q1 = product4(z1, m1, e, half, top, odd, saturates);
    if (addend) {
      q0 = sum_saturated(q0, four(addend, wide));
      q1 = sum_saturated(q1, four(addend + (wide ? 16 : 0), wide));
    }
    q0 = i32x4.max_s(i32x4.min_s(q0, high), low);
    q1 = i32x4.max_s(i32x4.min_s(q1, high), low);
    if (bytes < 4) store_codes(y, i16x8.narrow_i32x4_s(q0, q1), left, bytes == 2);
    else {
      store_words(y, q0, left);
      if (left > 4) store_words(y + 16, q1, left - 4);
    }
  }
}
