// y[b] = a[b]·b[b]ᵀ, sums kept in 16 bits after each step: ../../src/numeric/accumulate16.ts. In float64, one number after the other.
import { DTYPE_BF16 } from "../generated/format";
import { MatmulNt16 } from "../generated/ops/matmul_nt_16";
import { narrow_row, widen_row } from "../kernels/half_f32";

export function scratch_matmul_nt_16(op: MatmulNt16): usize {
  return (<usize> op.a.columns << 3) + 128;
}

export function exec_matmul_nt_16(op: MatmulNt16): void {
  const a = op.a, b = op.b, y = op.y, k = a.columns, dtype = y.dtype;
  const left = op.scratch + 15 & ~15, right = left + (<usize> k << 2) + 15 & ~15;
  const result = right + (<usize> k << 2) + 15 & ~15;
  const rows = y.extent1, columns = y.columns;
  for (let i = 0; i < y.extent0 * rows; i++) {
    widen_row(a.address + <usize> i * a.stride, left, k, dtype);
    const first = b.extent0 == 1 ? 0 : i / rows * columns;
    for (let j = 0; j < columns; j++) {
      widen_row(b.address + <usize> (first + j) * b.stride, right, k, dtype);
      store<f32>(result, <f32> dot(left, right, k, dtype, op.lanes, op.fused == 1));
      narrow_row(result, y.address + <usize> i * y.stride + (<usize> j << 1), 1, dtype);
    }
  }
}

/** A number as a 16-bit float has it, rounded once. */
function round_once(x: f64, dtype: i32): f64 {
  if (x == 0 || !isFinite(x)) return x;
  const exponent = <i64> (reinterpret<u64>(x) >> 52 & 2047) - 1023;
  const bf = dtype == DTYPE_BF16;
  const place = bf ? max(exponent - 7, -133) : max(exponent - 10, -24);
  const quantum = reinterpret<f64>(place + 1023 << 52);
  const rounded = nearest<f64>(x / quantum) * quantum;
  const top: f64 = bf ? 3.3895313892515355e38 : 65504;
  return abs<f64>(rounded) > top ? copysign<f64>(Infinity, x) : rounded;
}

/** a + b, rounded once: where float64 loses something, the sum is rounded to odd, and so on the side of boundaries that the exact one is on. */
function add_once(a: f64, b: f64, dtype: i32): f64 {
  if (!isFinite(a)) return a;
  const sum = a + b, own = sum - a, lost = (a - (sum - own)) + (b - own);
  if (!isFinite(sum) || lost == 0) return round_once(sum, dtype);
  let bits = reinterpret<u64>(sum);
  if ((bits & 1) == 0) bits += (lost > 0) == (sum > 0) ? 1 : -1;
  return round_once(reinterpret<f64>(bits), dtype);
}

// @ts-ignore: decorator
@inline
function product(a: usize, b: usize, k: i32): f64 {
  const at = <usize> k << 2;
  return <f64> load<f32>(a + at) * <f64> load<f32>(b + at);
}

function step(sum: f64, a: usize, b: usize, k: i32, dtype: i32, fused: bool): f64 {
  const p = product(a, b, k);
  return add_once(sum, fused ? p : round_once(p, dtype), dtype);
}

function dot(a: usize, b: usize, k: i32, dtype: i32, order: i32, fused: bool): f64 {
  if (k == 1) return round_once(product(a, b, 0), dtype);
  let even: f64 = 0, odd: f64 = 0;
  if (order == 0) {
    for (let i = 0; i < k; i++) even = step(even, a, b, i, dtype, fused);
    return even;
  }
  const pairs = k & ~1;
  for (let i = 0; i < pairs; i += 2) {
    even = step(even, a, b, i, dtype, fused);
    odd = step(odd, a, b, i + 1, dtype, fused);
  }
  const alone = pairs < k;
  if (alone && order == 2) even = step(even, a, b, pairs, dtype, fused);
  const sum = add_once(even, odd, dtype);
  if (!alone || order == 2) return sum;
  return add_once(round_once(product(a, b, pairs), dtype), sum, dtype);
}
