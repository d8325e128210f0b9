// layer_norm_i16 with two requantised results of the same z (there: the formulas).
import { DTYPE_I16 } from "../generated/format";
import { LayerNormDualI16 } from "../generated/ops/layer_norm_dual_i16";
import { plan_bytes, plan_requantize, requantize_row } from "../kernels/requantize";
import { Operand } from "../generated/operand";
import { normalize_row } from "../kernels/layer_norm_i16";

export function scratch_layer_norm_dual_i16(op: LayerNormDualI16): usize {
  const n = op.x.columns;
  return 2 * plan_bytes(n) + <usize> ((n + 7) & ~7) * 4 + 64;
}

export function exec_layer_norm_dual_i16(op: LayerNormDualI16): void {
  const x = op.x, bias = op.bias.address, y = op.y, y2 = op.y2;
  const n = x.columns, wide = x.dtype == DTYPE_I16;
  const plan = op.scratch, plan2 = plan + plan_bytes(n), row = plan2 + plan_bytes(n);
  prepare(plan, op.multiplier, op.shift, y, op.rounding);
  prepare(plan2, op.multiplier2, op.shift2, y2, op.rounding);
  let from = x.address, to = y.address, to2 = y2.address;
  for (let r = x.rows; r > 0; r--, from += x.stride, to += y.stride, to2 += y2.stride) {
    normalize_row(from, wide, n, bias, row);
    requantize_row(plan, row, n, to);
    requantize_row(plan2, row, n, to2);
  }
}

function prepare(plan: usize, m: Operand, e: Operand, y: Operand, rounding: i32): void {
  plan_requantize(plan, m.address, m.columns, e.address, e.columns, 0, y.dtype, rounding);
}
