// layer_norm_i16 with two requantised results of the same z (there: the formulas).
import { attribute, address, columns, dtype, I16, operand, rows, scratch, stride } from "../operand";
import { plan_bytes, plan_requantize, requantize_row } from "../kernels/requantize";
import { normalize_row } from "./layer_norm_i16";

export function scratch_layer_norm_dual_i16(context: usize): usize {
  const n = columns(operand(context, 0));
  return 2 * plan_bytes(n) + <usize> ((n + 7) & ~7) * 4 + 64;
}

export function exec_layer_norm_dual_i16(context: usize): void {
  const x = operand(context, 0), bias = address(operand(context, 1)), y = operand(context, 6), y2 = operand(context, 7);
  const n = columns(x), wide = dtype(x) == I16;
  const plan = scratch(context), plan2 = plan + plan_bytes(n), row = plan2 + plan_bytes(n);
  prepare(context, plan, 2, y);
  prepare(context, plan2, 4, y2);
  let from = address(x), to = address(y), to2 = address(y2);
  for (let r = rows(x); r > 0; r--, from += stride(x), to += stride(y), to2 += stride(y2)) {
    normalize_row(from, wide, n, bias, row);
    requantize_row(plan, row, n, to);
    requantize_row(plan2, row, n, to2);
  }
}

function prepare(context: usize, plan: usize, first: i32, y: usize): void {
  const m = operand(context, first), e = operand(context, first + 1);
  plan_requantize(plan, address(m), columns(m), address(e), columns(e), 0, dtype(y), attribute(context, 0));
}
