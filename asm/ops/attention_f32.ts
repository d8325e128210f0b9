// For each batch member b and head h, D = C/heads, every operation rounded to float32:
//
//   s[i][j] = (Σ_d q[d]·k[d])·scale [+ bias[h][i][j]];  −∞ where mask[b mod W][i][j] ≠ 0        d ascending, one accumulator from +0
//   p[i][·] = softmax of the row (../kernels/softmax_f32.ts: a row of −∞ gives 0)
//   y[i][h·D+d] = Σ_j p[i][j]·v[j][d]                                                           j ascending, one accumulator from +0
//
// precision = fast: the relaxed build may round a product and its sum once.
import { address, attribute, columns, extent, operand, scratch, stride } from "../operand";
import { attend_f32, attend_f32_scratch } from "../kernels/attend_f32";

export function scratch_attention_f32(context: usize): usize {
  return attend_f32_scratch(extent(operand(context, 1), 1), columns(operand(context, 0)) / attribute(context, 0));
}

export function exec_attention_f32(context: usize): void {
  const q = operand(context, 0), k = operand(context, 1), v = operand(context, 2), y = operand(context, 6);
  const bias = operand(context, 4), mask = operand(context, 5);
  const scale = load<f32>(address(operand(context, 3)));
  const heads = attribute(context, 0), queries = extent(q, 1), keys = extent(k, 1);
  for (let b = 0; b < extent(q, 0); b++) {
    attend_f32(
      scratch(context),
      address(q) + <usize> (b * queries) * stride(q), stride(q),
      address(k) + <usize> (b * keys) * stride(k), stride(k),
      address(v) + <usize> (b * keys) * stride(v), stride(v),
      address(y) + <usize> (b * queries) * stride(y), stride(y),
      scale, heads, columns(q) / heads, queries, keys, address(bias), stride(bias),
      address(mask) ? address(mask) + <usize> ((b % extent(mask, 0)) * queries) * stride(mask) : 0, stride(mask), attribute(context, 1) != 0,
    );
  }
}
