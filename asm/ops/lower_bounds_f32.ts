// Softmax over the rows, summed up to each row, less the first row's share: in float64, rounded once. As src/numeric/lower_bounds.ts
// and exp64.ts have it:
//
//   exp(x) = p(r)·2^n, n = floor(x·log2(e) + ½), r = x − n·LN2_HIGH − n·LN2_LOW, p(r) = Σ r^k/k!, k ≤ 13;  0 below −700
import { LowerBoundsF32 } from "../generated/ops/lower_bounds_f32";

const LN2_HIGH: f64 = 0.6931471803691238, LN2_LOW: f64 = 1.9082149292705877e-10;
const LOG2E: f64 = 1.4426950408889634;

export function scratch_lower_bounds_f32(_op: LowerBoundsF32): usize {
  return 0;
}

export function exec_lower_bounds_f32(op: LowerBoundsF32): void {
  const x = op.x, y = op.y, rows = x.rows;
  for (let c = 0; c < x.columns; c++) {
    const from = x.address + (<usize> c << 2);
    let most = <f64> load<f32>(from);
    for (let l = 1; l < rows; l++) most = max(most, value(from, x.stride, l));
    let total = exponential(value(from, x.stride, 0) - most);
    for (let l = 1; l < rows; l++) total += exponential(value(from, x.stride, l) - most);
    let to = y.address + (<usize> c << 2);
    store<f32>(to, 0);
    let sum: f64 = 0;
    for (let l = 1; l < rows; l++) {
      to += y.stride;
      sum += exponential(value(from, x.stride, l) - most) / total;
      store<f32>(to, <f32> sum);
    }
  }
}

// @ts-ignore: decorator
@inline
function value(from: usize, stride: usize, row: i32): f64 {
  return <f64> load<f32>(from + <usize> row * stride);
}

function exponential(x: f64): f64 {
  if (x < -700) return 0;
  const n = floor(x * LOG2E + 0.5);
  const r = x - n * LN2_HIGH - n * LN2_LOW;
  // 1/k!, from k = 13 down
  let factorial: f64 = 6227020800, p: f64 = 0;
  for (let k = 13; k > 0; k--) {
    p = p * r + 1 / factorial;
    factorial /= <f64> k;
  }
  p = p * r + 1;
  return p * reinterpret<f64>(<u64> (<i64> n + 1023) << 52);
}
