// y = clamp(round(x·m[n] / 2^e[n]) [+ round(identity·m' / 2^e')] [+ zero_point]), exactly: the arms and their sum are 64-bit integers,
// clamped once. `round` is `rounded` in ../kernels/integer.ts.
import { attribute, address, columns, dtype, elementBytes, I16, I32, I8, operand, rows, scratch, stride } from "../operand";
import { HALF_EVEN, load_integer, real_multiplier, rounded, saturate, store_integer } from "../kernels/integer";
import { low_words, upper } from "../kernels/lanes";
import { plan_bytes, plan_requantize, requantize_row, widen_row } from "../kernels/requantize";
import { store_first } from "../kernels/tail";

export function scratch_requantize(context: usize): usize {
  return plan_bytes(max(columns(operand(context, 1)), columns(operand(context, 2)))) + (<usize> columns(operand(context, 0)) << 2) + 64;
}

export function exec_requantize(context: usize): void {
  const x = operand(context, 0), m = operand(context, 1), e = operand(context, 2), y = operand(context, 7);
  const identity = operand(context, 3), zero = operand(context, 6);
  const n = columns(x), type = dtype(x), rounding = attribute(context, 0);
  const offset = address(zero) ? load<i32>(address(zero)) : 0;
  let from = address(x), to = address(y);

  if (!address(identity)) {
    const plan = scratch(context);
    plan_requantize(plan, address(m), columns(m), address(e), columns(e), offset, dtype(y), rounding);
    const row = plan + plan_bytes(max(columns(m), columns(e)));
    for (let r = rows(x); r > 0; r--, from += stride(x), to += stride(y)) {
      if (type != I32) widen_row(from, type, n, row);
      requantize_row(plan, type == I32 ? from : row, n, to);
    }
    return;
  }

  const m_step: usize = columns(m) == 1 ? 0 : 4, e_step: usize = columns(e) == 1 ? 0 : 4;
  const m2 = load<i32>(address(operand(context, 4))), e2 = load<i32>(address(operand(context, 5)));
  const vector = rounding == HALF_EVEN && type != I32 && dtype(identity) != I32 && dtype(y) != I32 &&
    (m_step | e_step) == 0;
  for (let r = 0; r < rows(x); r++, from += stride(x), to += stride(y)) {
    const other = address(identity) + <usize> (r % rows(identity)) * stride(identity);
    if (vector) {
      residual_row(
        from, type == I16, real_multiplier(load<i32>(address(m)), load<i32>(address(e))),
        other, dtype(identity) == I16, real_multiplier(m2, e2), offset, n, to, dtype(y) == I16,
      );
      continue;
    }
    for (let i = 0; i < n; i++) {
      const c = <usize> i;
      const sum = rounded(load_integer(from + c * elementBytes(x), type), load<i32>(address(m) + c * m_step), load<i32>(address(e) + c * e_step), rounding) +
        rounded(load_integer(other + c * elementBytes(identity), dtype(identity)), m2, e2, rounding);
      store_integer(to + c * elementBytes(y), dtype(y), saturate(sum + <i64> offset, dtype(y)));
    }
  }
}

// 2^20, −2^20, 1.5·2^52
const CONSTANTS: usize = memory.data<f64>([1048576.0, -1048576.0, 6755399441055744.0], 16);

// @ts-ignore: decorator
@inline
function sum2(x: v128, mx: v128, other: v128, mo: v128, zero: v128, high: v128, low: v128, magic: v128): v128 {
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
  x: usize, x_wide: bool, m: f64, other: usize, other_wide: bool, m2: f64, offset: i32, n: i32, y: usize, y_wide: bool,
): void {
  const high = v128.load64_splat(CONSTANTS), low = v128.load64_splat(CONSTANTS + 8), magic = v128.load64_splat(CONSTANTS + 16);
  const zero = f64x2.splat(<f64> offset), mx = f64x2.splat(m), mo = f64x2.splat(m2);
  for (let i = 0; i < n; i += 8) {
    const c = <usize> i, left = min(n - i, 8);
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
    if (y_wide) store_first(y + (c << 1), q, left << 1);
    else store_first(y + c, i8x16.narrow_i16x8_s(q, q), left);
  }
}
