// attention_f32 (there: the formulas) within each sequence: tokens offsets[s] … offsets[s+1]. offsets are checked where they enter.
import { PRECISION_FAST } from "../generated/attributes";
import { AttentionRaggedF32 } from "../generated/ops/attention_ragged_f32";
import { attend_f32, attend_f32_scratch } from "../kernels/attend_f32";

export function scratch_attention_ragged_f32(op: AttentionRaggedF32): usize {
  const q = op.q;
  return attend_f32_scratch(q.extent(1), q.columns / op.heads);
}

export function exec_attention_ragged_f32(op: AttentionRaggedF32): void {
  const q = op.q, k = op.k, v = op.v, offsets = op.offsets, y = op.y;
  const scale = load<f32>(op.scale.address), heads = op.heads;
  for (let s = 1; s < offsets.columns; s++) {
    const bound = offsets.address + (<usize> s << 2),
      first = load<i32>(bound - 4),
      count = load<i32>(bound) - first;
    if (count == 0) continue;
    const at = <usize> first;
    attend_f32(
      op.scratch,
      q.address + at * q.stride,
      q.stride,
      k.address + at * k.stride,
      k.stride,
      v.address + at * v.stride,
      v.stride,
      y.address + at * y.stride,
      y.stride,
      scale,
      heads,
      q.columns / heads,
      count,
      count,
      0,
      0,
      0,
      0,
      op.precision == PRECISION_FAST,
    );
  }
}
