// For each batch member b and head h, D = C/heads:
//
//   s[i][j] = clamp8(round(Σ_d q·k · m / 2^e))
//   with a bias   s = clamp8(round(s·m2 / 2^e2) + bias[h][i][j])       the sum in 64 bits
//   p[i][·] = softmax (../kernels/softmax_i8.ts): table with `exponentials` (then 16 bits whatever `bits` says), else shift;
//             mask[b mod W][i][j] ≠ 0 hides j from i
//   y[i][h·D+d] = clamp8(round(Σ_j p·v · value_multiplier / 2^value_shift))      the sum in i32: |Σ| < 2^7·(2^15 + L)
// Floats in exec_attention_i8: bounds of the plan are compared; no value goes through them.
import { BITS_8 } from "../generated/attributes";
import { AttentionI8 } from "../generated/ops/attention_i8";
import {
  attend_i8,
  attend_scratch,
  plan_attention,
  plan_attention_bias,
} from "../kernels/attend_i8";

export function scratch_attention_i8(op: AttentionI8): usize {
  return attend_scratch(op.k.extent(1), op.q.columns / op.heads);
}

export function exec_attention_i8(op: AttentionI8): void {
  const q = op.q, k = op.k, v = op.v, y = op.y;
  const bias = op.bias, mask = op.mask;
  const heads = op.heads, rounding = op.rounding, queries = q.extent(1), keys = k.extent(1);
  plan_attention(
    op.scratch,
    op.multiplier.address,
    op.shift.address,
    op.value_multiplier.address,
    op.value_shift.address,
    rounding,
    op.exponentials.address,
    op.x0.address,
    op.bits == BITS_8 ? 8 : 16,
  );
  if (bias.address) {
    plan_attention_bias(
      op.scratch,
      load<i32>(op.multiplier2.address),
      load<i32>(op.shift2.address),
      rounding,
    );
  }
  for (let b = 0; b < q.extent(0); b++) {
    attend_i8(
      op.scratch,
      q.address + <usize> (b * queries) * q.stride,
      q.stride,
      k.address + <usize> (b * keys) * k.stride,
      k.stride,
      v.address + <usize> (b * keys) * v.stride,
      v.stride,
      y.address + <usize> (b * queries) * y.stride,
      y.stride,
      heads,
      q.columns / heads,
      queries,
      keys,
      bias.address,
      bias.stride,
      mask.address ? mask.address + <usize> ((b % mask.extent(0)) * queries) * mask.stride : 0,
      mask.stride,
    );
  }
}
