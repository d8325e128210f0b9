// attention_i8 (there: the formulas) within each sequence: tokens offsets[s] … offsets[s+1]. offsets are checked where they enter.
import { AttentionRaggedI8 } from "../generated/ops/attention_ragged_i8";
import { attend_i8, attend_scratch, plan_attention } from "../kernels/attend_i8";

export function scratch_attention_ragged_i8(op: AttentionRaggedI8): usize {
  const q = op.q;
  return attend_scratch(q.extent(1), q.columns / op.heads);
}

export function exec_attention_ragged_i8(op: AttentionRaggedI8): void {
  const q = op.q, k = op.k, v = op.v, offsets = op.offsets, y = op.y;
  const heads = op.heads;
  plan_attention(
    op.scratch,
    op.multiplier.address,
    op.shift.address,
    op.value_multiplier.address,
    op.value_shift.address,
    op.rounding,
    op.exponentials.address,
    0,
    16,
  );
  for (let s = 1; s < offsets.columns; s++) {
    const bound = offsets.address + (<usize> s << 2),
      first = load<i32>(bound - 4),
      count = load<i32>(bound) - first;
    if (count == 0) continue;
    const at = <usize> first;
    attend_i8(
      op.scratch,
      q.address + at * q.stride,
      q.stride,
      k.address + at * k.stride,
      k.stride,
      v.address + at * v.stride,
      v.stride,
      y.address + at * y.stride,
      y.stride,
      heads,
      q.columns / heads,
      count,
      count,
      0,
      0,
      0,
      0,
      op.dot,
    );
  }
}
