// Ends of rows: kernels read whole vectors past a row's end (guard bytes) but never write past it.

/** Writes the first `bytes` (0 … 15) bytes of a vector. Not inlined: it is for the ends of rows. */
function store_part(to: usize, v: v128, bytes: i32): void {
  if (bytes & 8) {
    v128.store64_lane(to, v, 0);
    v = v128.shuffle<i64>(v, v, 1, 0);
    to += 8;
  }
  if (bytes & 4) {
    v128.store32_lane(to, v, 0);
    v = i64x2.shr_u(v, 32);
    to += 4;
  }
  if (bytes & 2) {
    v128.store16_lane(to, v, 0);
    v = i64x2.shr_u(v, 16);
    to += 2;
  }
  if (bytes & 1) v128.store8_lane(to, v, 0);
}

/** Writes the first `bytes` (0 … 16) bytes of a vector. */
// @ts-ignore: decorator
@inline
export function store_first(to: usize, v: v128, bytes: i32): void {
  if (bytes >= 16) v128.store(to, v);
  else store_part(to, v, bytes);
}

/** Writes the first `left` (4 or more: all) of four 32-bit elements. */
// @ts-ignore: decorator
@inline
export function store_words(to: usize, v: v128, left: i32): void {
  if (left >= 4) {
    v128.store(to, v);
    return;
  }
  if (left & 2) {
    v128.store64_lane(to, v, 0);
    v = v128.shuffle<i64>(v, v, 1, 0);
    to += 8;
  }
  if (left & 1) v128.store32_lane(to, v, 0);
}

/** Writes the first `left` (8 or more: all) of eight i16, saturated to i8 unless `wide`. */
// @ts-ignore: decorator
@inline
export function store_codes(to: usize, q: v128, left: i32, wide: bool): void {
  if (wide) {
    if (left >= 8) v128.store(to, q);
  } else {
    q = i8x16.narrow_i16x8_s(q, q);
    if (left >= 8) v128.store64_lane(to, q, 0);
  }
  if (left < 8) store_part(to, q, wide ? left << 1 : left);
}

/** Four 32-bit elements, of which the first `left` (any number) belong to the row. No load where none does. */
// @ts-ignore: decorator
@inline
export function load_words(from: usize, left: i32): v128 {
  return left > 0 ? v128.load(from) : i32x4.splat(0);
}
