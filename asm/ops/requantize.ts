// y = clamp(round(x·m[n] / 2^e[n]) [+ round(identity·m' / 2^e')] [+ zero_point]), exactly: the arms and their sum are 64-bit integers,
// clamped once. `round` is `rounded` in ../kernels/integer.ts.
import { ROUNDING_HALF_EVEN } from "../generated/attributes";
import { DTYPE_I16, DTYPE_I32, DTYPE_I8 } from "../generated/format";
import { Requantize } from "../generated/ops/requantize";
import {
  load_integer,
  real_multiplier,
  rounded,
  saturate,
  store_integer,
} from "../kernels/integer";
import { plan_bytes, plan_requantize, requantize_row, widen_row } from "../kernels/requantize";
import { residual_row } from "../kernels/residual";

export function scratch_requantize(op: Requantize): usize {
  return plan_bytes(max(op.multiplier.columns, op.shift.columns)) + (<usize> op.x.columns << 2) +
    64;
}

export function exec_requantize(op: Requantize): void {
  const x = op.x, m = op.multiplier, e = op.shift, y = op.y;
  const identity = op.identity, zero = op.zero_point;
  const n = x.columns, type = x.dtype, rounding = op.rounding;
  const offset = zero.address ? load<i32>(zero.address) : 0;
  let from = x.address, to = y.address;

  if (!identity.address) {
    const plan = op.scratch;
    plan_requantize(plan, m.address, m.columns, e.address, e.columns, offset, y.dtype, rounding);
    const row = plan + plan_bytes(max(m.columns, e.columns));
    for (let r = x.rows; r > 0; r--, from += x.stride, to += y.stride) {
      if (type != DTYPE_I32) widen_row(from, type, n, row);
      requantize_row(plan, type == DTYPE_I32 ? from : row, n, to);
    }
    return;
  }

  const m_step: usize = m.columns == 1 ? 0 : 4, e_step: usize = e.columns == 1 ? 0 : 4;
  const m2 = load<i32>(op.identity_multiplier.address), e2 = load<i32>(op.identity_shift.address);
  const vector = rounding == ROUNDING_HALF_EVEN && type != DTYPE_I32 &&
    identity.dtype != DTYPE_I32 && y.dtype != DTYPE_I32 &&
    (m_step | e_step) == 0;
  for (let r = 0; r < x.rows; r++, from += x.stride, to += y.stride) {
    const other = identity.address + <usize> (r % identity.rows) * identity.stride;
    if (vector) {
      residual_row(
        from,
        type == DTYPE_I16,
        real_multiplier(load<i32>(m.address), load<i32>(e.address)),
        other,
        identity.dtype == DTYPE_I16,
        real_multiplier(m2, e2),
        offset,
        n,
        to,
        y.dtype == DTYPE_I16,
      );
      continue;
    }
    for (let i = 0; i < n; i++) {
      const c = <usize> i;
      const sum = rounded(
        load_integer(from + c * x.elementBytes, type),
        load<i32>(m.address + c * m_step),
        load<i32>(e.address + c * e_step),
        rounding,
      ) +
        rounded(load_integer(other + c * identity.elementBytes, identity.dtype), m2, e2, rounding);
      store_integer(to + c * y.elementBytes, y.dtype, saturate(sum + <i64> offset, y.dtype));
    }
  }
}
