// I-ViT's LayerNorm of a row of C integers:
//
//   mean = round_half_even(Σx / C);  d = x − mean;  V = Σd²
//   k = 65536; ten times: k = (k + ⌊V/k⌋) >> 1;  f = ⌊(2^31−1)/k⌋
//   z = i32(((d·f) >> 1) + bias[c])          the sum wraps; it does not where |bias| < 2^30
//
// Once k stays, it stays.
//
// V = Σx² − 2·mean·Σx + C·mean² is the same integer, so one pass over x suffices. k never falls below ⌊√V⌋ ((k + V/k)/2 ≥ √V) nor
// below 64, and |d| ≤ ⌊√V⌋, hence |d·f| ≤ 2^31−1: 32 bits hold it.
import { mean_half_even } from "./integer";
import { mask_first } from "./pack";

const ONES: usize = memory.data<i16>([1, 1, 1, 1, 1, 1, 1, 1], 16);

/** Writes z to i32[n rounded up to 8]. */
export function normalize_row(x: usize, wide: bool, n: i32, bias: usize, z: usize): void {
  const ones = v128.load(ONES);
  let sum: i64 = 0, squares: i64 = 0;
  // blocks, so that a lane of `s` stays below 2^31: 2^14 steps of at most 2^16 each
  for (let first = 0; first < n; first += 131072) {
    const last = min(n, first + 131072);
    let s = i32x4.splat(0), q0 = i64x2.splat(0), q1 = q0;
    for (let i = first; i < last; i += 8) {
      let v = wide ? v128.load(x + (<usize> i << 1)) : v128.load8x8_s(x + <usize> i);
      if (last - i < 8) v = v128.and(v, mask_first((last - i) << 1));
      s = i32x4.add(s, i32x4.dot_i16x8_s(v, ones));
      // 2·(−32768)² is 2^31: unsigned
      const q = i32x4.dot_i16x8_s(v, v);
      q0 = i64x2.add(q0, i64x2.extend_low_i32x4_u(q));
      q1 = i64x2.add(q1, i64x2.extend_high_i32x4_u(q));
    }
    const s2 = i64x2.add(i64x2.extend_low_i32x4_s(s), i64x2.extend_high_i32x4_s(s));
    sum += i64x2.extract_lane(s2, 0) + i64x2.extract_lane(s2, 1);
    q0 = i64x2.add(q0, q1);
    squares += i64x2.extract_lane(q0, 0) + i64x2.extract_lane(q0, 1);
  }
  const mean = mean_half_even(sum, n);
  const V = squares - 2 * mean * sum + <i64> n * mean * mean;
  let k: u64 = 65536;
  for (let i = 0, last: u64 = 0; i < 10 && k != last; i++) {
    last = k;
    k = (k + <u64> V / k) >> 1;
  }

  const center = i32x4.splat(<i32> mean), factor = i32x4.splat(<i32> (2147483647 / k));
  for (let i = 0; i < n; i += 8, bias += 32, z += 32) {
    const v = wide ? v128.load(x + (<usize> i << 1)) : v128.load8x8_s(x + <usize> i);
    const d0 = i32x4.sub(i32x4.extend_low_i16x8_s(v), center),
      d1 = i32x4.sub(i32x4.extend_high_i16x8_s(v), center);
    v128.store(z, i32x4.add(i32x4.shr_s(i32x4.mul(d0, factor), 1), v128.load(bias)));
    if (n - i > 4) {
      v128.store(z, i32x4.add(i32x4.shr_s(i32x4.mul(d1, factor), 1), v128.load(bias, 16)), 16);
    }
  }
}
