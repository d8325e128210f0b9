// For each batch member b and head h, D = C/heads, every operation rounded to float32:
//
//   s[i][j] = (Σ_d q[d]·k[d])·scale [+ bias[h][i][j]];  −∞ where mask[b mod W][i][j] ≠ 0        d ascending, one accumulator from +0
//   p[i][·] = softmax of the row (../kernels/softmax_f32.ts: a row of −∞ gives 0)
//   y[i][h·D+d] = Σ_j p[i][j]·v[j][d]                                                           j ascending, one accumulator from +0
//
// precision = fast: the relaxed build may round a product and its sum once.
import { PRECISION_FAST } from "../generated/attributes";
import { AttentionF32 } from "../generated/ops/attention_f32";
import { attend_f32, attend_f32_scratch } from "../kernels/attend_f32";

export function scratch_attention_f32(op: AttentionF32): usize {
  return attend_f32_scratch(op.k.extent(1), op.q.columns / op.heads);
}

export function exec_attention_f32(op: AttentionF32): void {
  const q = op.q, k = op.k, v = op.v, y = op.y;
  const bias = op.bias, mask = op.mask;
  const scale = load<f32>(op.scale.address);
  const heads = op.heads, queries = q.extent(1), keys = k.extent(1);
  for (let b = 0; b < q.extent(0); b++) {
    attend_f32(
      op.scratch,
      q.address + <usize> (b * queries) * q.stride,
      q.stride,
      k.address + <usize> (b * keys) * k.stride,
      k.stride,
      v.address + <usize> (b * keys) * v.stride,
      v.stride,
      y.address + <usize> (b * queries) * y.stride,
      y.stride,
      scale,
      heads,
      q.columns / heads,
      queries,
      keys,
      bias.address,
      bias.stride,
      mask.address ? mask.address + <usize> ((b % mask.extent(0)) * queries) * mask.stride : 0,
      mask.stride,
      op.precision == PRECISION_FAST,
    );
  }
}
