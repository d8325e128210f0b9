// y = clamp(round(x·m[n] / 2^e[n]) [+ identity], −limit, limit), half to even, as exact sums of 64 bits.
import { ROUNDING_HALF_EVEN } from "../generated/attributes";
import { DTYPE_I32 } from "../generated/format";
import { ResidualI32 } from "../generated/ops/residual_i32";
import { plan_bytes, plan_requantize } from "../kernels/requantize";
import { requantize_row_i32 } from "../kernels/requantize_i32";
import { RequantizePlan } from "../kernels/requantize_plan";

export function scratch_residual_i32(op: ResidualI32): usize {
  return plan_bytes(max(op.multiplier.columns, op.shift.columns));
}

export function exec_residual_i32(op: ResidualI32): void {
  const x = op.x, m = op.multiplier, e = op.shift, identity = op.identity, y = op.y;
  const plan = op.scratch, p = changetype<RequantizePlan>(plan);
  plan_requantize(
    plan,
    m.address,
    m.columns,
    e.address,
    e.columns,
    0,
    DTYPE_I32,
    ROUNDING_HALF_EVEN,
  );
  p.high = max(load<i32>(op.limit.address), 0);
  p.low = -p.high;
  // 2 / 2^1: the identity as it is
  p.m2 = 2;
  p.e2 = 1;
  let from = x.address, other = identity.address, to = y.address;
  for (let r = x.rows; r > 0; r--, from += x.stride, to += y.stride) {
    requantize_row_i32(p, from, x.columns, other, to);
    if (other) other += identity.stride;
  }
}
