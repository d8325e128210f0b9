// y = clamp(round(x·m) + round(other·m2) + offset) of a row, half to even, in f64.
// Floats in residual_row: exact, proof in epilogue.ts.
import { low_words, upper } from "./lanes";
import { store_codes } from "./tail";

// 2^20, −2^20, 1.5·2^52
const CONSTANTS: usize = memory.data<f64>([1048576.0, -1048576.0, 6755399441055744.0], 16);

// @ts-ignore: decorator
@inline
function sum2(
  x: v128,
  mx: v128,
  other: v128,
  mo: v128,
  zero: v128,
  high: v128,
  low: v128,
  magic: v128,
): v128 {
  const sum = f64x2.add(
    f64x2.add(
      f64x2.nearest(f64x2.mul(f64x2.convert_low_i32x4_s(x), mx)),
      f64x2.nearest(f64x2.mul(f64x2.convert_low_i32x4_s(other), mo)),
    ),
    zero,
  );
  return f64x2.add(f64x2.pmin(high, f64x2.pmax(low, sum)), magic);
}

/** Exact in f64: |x·m| ≤ 2^46, so the products are not rounded, and the sum of the rounded arms is below 2^48. */
export function residual_row(
  x: usize,
  x_wide: bool,
  m: f64,
  other: usize,
  other_wide: bool,
  m2: f64,
  offset: i32,
  n: i32,
  y: usize,
  y_wide: bool,
): void {
  const high = v128.load64_splat(CONSTANTS),
    low = v128.load64_splat(CONSTANTS + 8),
    magic = v128.load64_splat(CONSTANTS + 16);
  const zero = f64x2.splat(<f64> offset), mx = f64x2.splat(m), mo = f64x2.splat(m2);
  for (let i = 0; i < n; i += 8) {
    const c = <usize> i;
    const a = x_wide ? v128.load(x + (c << 1)) : v128.load8x8_s(x + c);
    const b = other_wide ? v128.load(other + (c << 1)) : v128.load8x8_s(other + c);
    const a0 = i32x4.extend_low_i16x8_s(a), b0 = i32x4.extend_low_i16x8_s(b);
    const a1 = i32x4.extend_high_i16x8_s(a), b1 = i32x4.extend_high_i16x8_s(b);
    const q = i16x8.narrow_i32x4_s(
      low_words(
        sum2(a0, mx, b0, mo, zero, high, low, magic),
        sum2(upper(a0), mx, upper(b0), mo, zero, high, low, magic),
      ),
      low_words(
        sum2(a1, mx, b1, mo, zero, high, low, magic),
        sum2(upper(a1), mx, upper(b1), mo, zero, high, low, magic),
      ),
    );
    store_codes(y + (c << usize(y_wide)), q, n - i, y_wide);
  }
}
