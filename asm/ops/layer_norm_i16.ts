// I-ViT's LayerNorm of rows of integers: ../kernels/layer_norm_i16.ts; y = clamp(round(z·m[c] / 2^e[c])), or z without a multiplier.
import { DTYPE_I16 } from "../generated/format";
import { LayerNormI16 } from "../generated/ops/layer_norm_i16";
import { normalize_row } from "../kernels/layer_norm_i16";
import { plan_bytes, plan_requantize, requantize_row } from "../kernels/requantize";

export function scratch_layer_norm_i16(op: LayerNormI16): usize {
  const n = op.x.columns;
  return plan_bytes(n) + <usize> ((n + 7) & ~7) * 4 + 64;
}

export function exec_layer_norm_i16(op: LayerNormI16): void {
  const x = op.x, bias = op.bias, m = op.multiplier, e = op.shift, y = op.y;
  const n = x.columns, wide = x.dtype == DTYPE_I16;
  const plan = op.scratch;
  let row = plan;
  if (m.address) {
    plan_requantize(plan, m.address, m.columns, e.address, e.columns, 0, y.dtype, op.rounding);
    row += plan_bytes(max(m.columns, e.columns));
  }
  let from = x.address, to = y.address;
  for (let r = x.rows; r > 0; r--, from += x.stride, to += y.stride) {
    normalize_row(from, wide, n, bias.address, row);
    if (m.address) requantize_row(plan, row, n, to);
    else memory.copy(to, row, <usize> n << 2);
  }
}
