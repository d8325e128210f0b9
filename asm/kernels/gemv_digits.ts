// One row of 16 bits by the dot product of bytes, where it takes unsigned ones: x = 256·h + l, both in −128…127, against w' as gemv_dot.ts has it.
// From 32640 on h would be 128: such rows go by products of 16 bits (gemv_i16), which take twice as many instructions a weight.
import { dot } from "./dot";
import { lane0, lane1, lane2, lane3 } from "./lanes";
import { mask_first } from "./pack";

/** Largest x that has two digits. */
const MOST: i16 = 32639;

/** Eight of `left` i16, those behind the last 0. A vector read may pass the end. */
// @ts-ignore: decorator
@inline
function first_of(x: usize, left: i32): v128 {
  const v = v128.load(x);
  return left < 8 ? v128.and(v, mask_first(max(left, 0) << 1)) : v;
}

/** Whether all of x have two digits. */
export function digits_fit(x: usize, ld: usize, m: i32, k: i32): bool {
  let most = i16x8.splat(MOST);
  for (; m > 0; m--, x += ld) {
    for (let i = 0; i < k; i += 8) {
      most = i16x8.max_s(most, first_of(x + (<usize> i << 1), k - i));
    }
  }
  return i16x8.all_true(i16x8.eq(most, i16x8.splat(MOST)));
}

/** Digits of a row, h at `to` and l `size` bytes behind, zero to a multiple of 16 k; returns Σ x. */
export function split_digits(x: usize, k: i32, to: usize, size: usize): i32 {
  const half = i16x8.splat(128);
  let s = i32x4.splat(0);
  for (let left = k; left > 0; left -= 16, x += 32, to += 16) {
    const u = first_of(x, left), v = left > 8 ? first_of(x + 16, left - 8) : i32x4.splat(0);
    s = i32x4.add(
      s,
      i32x4.add(i32x4.extadd_pairwise_i16x8_s(u), i32x4.extadd_pairwise_i16x8_s(v)),
    );
    v128.store(
      to,
      i8x16.narrow_i16x8_s(
        i16x8.shr_s(i16x8.add(u, half), 8),
        i16x8.shr_s(i16x8.add(v, half), 8),
      ),
    );
    const low = v128.shuffle<i8>(u, v, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    v128.store(to + size, low);
  }
  s = i32x4.add(s, v128.shuffle<i64>(s, s, 1, 0));
  return i32x4.extract_lane(s, 0) + i32x4.extract_lane(s, 1);
}

/** One row over one panel, its bytes flipped; eight accumulators, because the dot product takes five cycles to return. l is `size` bytes behind a. */
export function mk_digits_1x8(
  a: usize,
  size: usize,
  panel: usize,
  strip: usize,
  steps: i32,
  correction: i32,
  flip: v128,
): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    let l0 = i32x4.splat(correction),
      l1 = l0,
      h0 = i32x4.splat(0),
      h1 = h0,
      p0 = h0,
      p1 = h0,
      q0 = h0,
      q1 = h0;
    let b = a + size;
    for (const end = a + (<usize> (steps & ~3) << 2); a < end; a += 16, b += 16, panel += 128) {
      const h = v128.load(a), l = v128.load(b);
      let s = lane0(h), t = lane0(l), w = v128.xor(v128.load(panel), flip);
      h0 = dot(s, w, h0);
      l0 = dot(t, w, l0);
      w = v128.xor(v128.load(panel, 16), flip);
      h1 = dot(s, w, h1);
      l1 = dot(t, w, l1);
      s = lane1(h), t = lane1(l), w = v128.xor(v128.load(panel, 32), flip);
      p0 = dot(s, w, p0);
      q0 = dot(t, w, q0);
      w = v128.xor(v128.load(panel, 48), flip);
      p1 = dot(s, w, p1);
      q1 = dot(t, w, q1);
      s = lane2(h), t = lane2(l), w = v128.xor(v128.load(panel, 64), flip);
      h0 = dot(s, w, h0);
      l0 = dot(t, w, l0);
      w = v128.xor(v128.load(panel, 80), flip);
      h1 = dot(s, w, h1);
      l1 = dot(t, w, l1);
      s = lane3(h), t = lane3(l), w = v128.xor(v128.load(panel, 96), flip);
      p0 = dot(s, w, p0);
      q0 = dot(t, w, q0);
      w = v128.xor(v128.load(panel, 112), flip);
      p1 = dot(s, w, p1);
      q1 = dot(t, w, q1);
    }
    for (let left = steps & 3; left > 0; left--, a += 4, b += 4, panel += 32) {
      const s = v128.load32_splat(a), t = v128.load32_splat(b);
      let w = v128.xor(v128.load(panel), flip);
      h0 = dot(s, w, h0);
      l0 = dot(t, w, l0);
      w = v128.xor(v128.load(panel, 16), flip);
      h1 = dot(s, w, h1);
      l1 = dot(t, w, l1);
    }
    v128.store(strip, i32x4.add(i32x4.shl(i32x4.add(h0, p0), 8), i32x4.add(l0, q0)));
    v128.store(strip, i32x4.add(i32x4.shl(i32x4.add(h1, p1), 8), i32x4.add(l1, q1)), 16);
  }
}
