// y = clamp(round(x·m[n] / 2^e[n]) [+ round(identity·m' / 2^e')] [+ zero_point]), exactly: the arms and their sum are 64-bit integers,
// clamped once. `round` is `rounded` in ../kernels/integer.ts.
// Floats in exec_requantize: multipliers for residual_row.
import { ROUNDING_HALF_EVEN } from "../generated/attributes";
import { DTYPE_I16, DTYPE_I32 } from "../generated/format";
import { Requantize } from "../generated/ops/requantize";
import { largest, real_multiplier } from "../kernels/integer";
import {
  narrow_row,
  plan_bytes,
  plan_requantize,
  requantize_row,
  widen_row,
} from "../kernels/requantize";
import { requantize_row_i32 } from "../kernels/requantize_i32";
import { RequantizePlan } from "../kernels/requantize_plan";
import { residual_row } from "../kernels/residual";

/** Bytes of a row of n i32. */
// @ts-ignore: decorator
@inline
function row_bytes(n: i32): usize {
  return <usize> ((n + 7) & ~7) << 2;
}

export function scratch_requantize(op: Requantize): usize {
  return plan_bytes(max(op.multiplier.columns, op.shift.columns)) + 2 * row_bytes(op.x.columns);
}

export function exec_requantize(op: Requantize): void {
  const x = op.x, m = op.multiplier, e = op.shift, y = op.y;
  const identity = op.identity, zero = op.zero_point;
  const n = x.columns, type = x.dtype, rounding = op.rounding;
  const wide = type == DTYPE_I16, wide_y = y.dtype == DTYPE_I16;
  const offset = zero.address ? load<i32>(zero.address) : 0;
  const added = identity.address != 0;
  const m2 = added ? load<i32>(op.identity_multiplier.address) : 0,
    e2 = added ? load<i32>(op.identity_shift.address) : 0;
  const narrow = added && rounding == ROUNDING_HALF_EVEN && type != DTYPE_I32 &&
    identity.dtype != DTYPE_I32 && y.dtype != DTYPE_I32 && m.columns == 1 && e.columns == 1;
  const plan = op.scratch, p = changetype<RequantizePlan>(plan);
  const row = plan + plan_bytes(max(m.columns, e.columns)), other_row = row + row_bytes(n);
  plan_requantize(
    plan,
    m.address,
    m.columns,
    e.address,
    e.columns,
    offset,
    added ? DTYPE_I32 : y.dtype,
    rounding,
  );
  if (added) p.add(m2, e2, largest(y.dtype));
  const mx = load<f64>(p.multipliers), mo = real_multiplier(m2, e2);

  let from = x.address, to = y.address;
  for (let r = 0; r < x.rows; r++, from += x.stride, to += y.stride) {
    let other = added ? identity.address + <usize> (r % identity.rows) * identity.stride : 0;
    if (narrow) {
      residual_row(
        from,
        wide,
        mx,
        other,
        identity.dtype == DTYPE_I16,
        mo,
        offset,
        n,
        to,
        wide_y,
      );
      continue;
    }
    let z = from;
    if (type != DTYPE_I32) widen_row(from, type, n, z = row);
    if (!added) {
      requantize_row(plan, z, n, to);
      continue;
    }
    if (identity.dtype != DTYPE_I32) {
      widen_row(other, identity.dtype, n, other_row), other = other_row;
    }
    if (y.dtype == DTYPE_I32) requantize_row_i32(p, z, n, other, to);
    else {
      requantize_row_i32(p, z, n, other, row);
      narrow_row(row, n, to, wide_y);
    }
  }
}
