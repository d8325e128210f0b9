// Softmax of one float32 row: m = max x; E = exp(x − m); S = sum of the row E; p = E / S. Functions and sum: f32_math.ts.
// A row whose maximum is −∞ gives 0 everywhere; a NaN or +∞ in a row makes all of it NaN.
import { exp_f32, load_floats, tree_sum } from "./f32_math";
import { mask_first } from "./pack";
import { store_words } from "./tail";

const LOWEST: usize = memory.data<u32>([0xff800000], 16);

/** n > 0 elements; y may be x. */
export function softmax_row_f32(x: usize, n: i32, y: usize): void {
  const lowest = v128.load32_splat(LOWEST);
  const whole = n & ~3;
  let high = lowest;
  for (let i = 0; i < whole; i += 4) high = f32x4.max(high, v128.load(x + (<usize> i << 2)));
  if (n & 3) {
    high = f32x4.max(
      high,
      v128.bitselect(v128.load(x + (<usize> whole << 2)), lowest, mask_first((n & 3) << 2)),
    );
  }
  high = f32x4.max(high, v128.shuffle<i64>(high, high, 1, 0));
  high = f32x4.max(high, v128.shuffle<i32>(high, high, 1, 0, 3, 2));
  if (f32x4.extract_lane(high, 0) == -Infinity) {
    memory.fill(y, 0, <usize> n << 2);
    return;
  }

  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, i = 0;
  for (; i + 16 <= n; i += 16) {
    const from = x + (<usize> i << 2), to = y + (<usize> i << 2);
    const e0 = exp_f32(f32x4.sub(v128.load(from), high)),
      e1 = exp_f32(f32x4.sub(v128.load(from, 16), high));
    const e2 = exp_f32(f32x4.sub(v128.load(from, 32), high)),
      e3 = exp_f32(f32x4.sub(v128.load(from, 48), high));
    v128.store(to, e0);
    v128.store(to, e1, 16);
    v128.store(to, e2, 32);
    v128.store(to, e3, 48);
    s0 = f32x4.add(s0, e0);
    s1 = f32x4.add(s1, e1);
    s2 = f32x4.add(s2, e2);
    s3 = f32x4.add(s3, e3);
  }
  if (i < n) {
    s0 = f32x4.add(s0, last_exponentials(x, y, i, n, high));
    s1 = f32x4.add(s1, last_exponentials(x, y, i + 4, n, high));
    s2 = f32x4.add(s2, last_exponentials(x, y, i + 8, n, high));
    s3 = f32x4.add(s3, last_exponentials(x, y, i + 12, n, high));
  }
  const sum = f32x4.splat(tree_sum(s0, s1, s2, s3));
  for (i = 0; i < whole; i += 4) {
    const to = y + (<usize> i << 2);
    v128.store(to, f32x4.div(v128.load(to), sum));
  }
  if (n & 3) {
    store_words(
      y + (<usize> whole << 2),
      f32x4.div(v128.load(y + (<usize> whole << 2)), sum),
      n & 3,
    );
  }
}

/** Up to four elements from i; +0 past n. */
function last_exponentials(x: usize, y: usize, i: i32, n: i32, high: v128): v128 {
  const left = min(n - i, 4);
  if (left <= 0) return f32x4.splat(0);
  const e = exp_f32(f32x4.sub(load_floats(x + (<usize> i << 2), left), high));
  store_words(y + (<usize> i << 2), e, left);
  return v128.and(e, mask_first(left << 2));
}
