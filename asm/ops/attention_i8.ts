// For each batch member b and head h, D = C/heads:
//
//   s[i][j] = clamp8(round(Σ_d q·k · m / 2^e))
//   with a bias   s = clamp8(round(s·m2 / 2^e2) + bias[h][i][j])       the sum in 64 bits
//   p[i][·] = softmax (../kernels/softmax_i8.ts): table with `exponentials` (then 16 bits whatever `bits` says), else shift;
//             mask[b mod W][i][j] ≠ 0 hides j from i
//   y[i][h·D+d] = clamp8(round(Σ_j p·v · value_multiplier / 2^value_shift))      the sum in i32: |Σ| < 2^7·(2^15 + L)
import { address, attribute, columns, extent, operand, scratch, stride } from "../operand";
import { attend_i8, attend_scratch, plan_attention, plan_attention_bias } from "../kernels/attend_i8";

export function scratch_attention_i8(context: usize): usize {
  return attend_scratch(extent(operand(context, 1), 1), columns(operand(context, 0)) / attribute(context, 0));
}

export function exec_attention_i8(context: usize): void {
  const q = operand(context, 0), k = operand(context, 1), v = operand(context, 2), y = operand(context, 13);
  const bias = operand(context, 7), mask = operand(context, 8);
  const heads = attribute(context, 0), rounding = attribute(context, 2), queries = extent(q, 1), keys = extent(k, 1);
  plan_attention(
    scratch(context), address(operand(context, 3)), address(operand(context, 4)), address(operand(context, 11)), address(operand(context, 12)),
    rounding, address(operand(context, 9)), address(operand(context, 10)), attribute(context, 1) ? 8 : 16,
  );
  if (address(bias)) plan_attention_bias(scratch(context), load<i32>(address(operand(context, 5))), load<i32>(address(operand(context, 6))), rounding);
  for (let b = 0; b < extent(q, 0); b++) {
    attend_i8(
      scratch(context),
      address(q) + <usize> (b * queries) * stride(q), stride(q),
      address(k) + <usize> (b * keys) * stride(k), stride(k),
      address(v) + <usize> (b * keys) * stride(v), stride(v),
      address(y) + <usize> (b * queries) * stride(y), stride(y),
      heads, columns(q) / heads, queries, keys, address(bias), stride(bias),
      address(mask) ? address(mask) + <usize> ((b % extent(mask, 0)) * queries) * stride(mask) : 0, stride(mask),
    );
  }
}
