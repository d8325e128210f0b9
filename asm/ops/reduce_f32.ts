// Sum or largest of the middle extent: ../kernels/sums_f32.ts.
import { REDUCTION_SUM } from "../generated/attributes";
import { ReduceF32 } from "../generated/ops/reduce_f32";
import { sum_rows_f32, sums_scratch, TERM_LARGEST, TERM_PLAIN } from "../kernels/sums_f32";

export function scratch_reduce_f32(op: ReduceF32): usize {
  return sums_scratch(op.x.columns);
}

export function exec_reduce_f32(op: ReduceF32): void {
  const x = op.x, y = op.y, kind = op.reduction == REDUCTION_SUM ? TERM_PLAIN : TERM_LARGEST;
  const count = x.extent1, plane = <usize> count * x.stride;
  let from = x.address, to = y.address;
  for (let a = x.extent0; a > 0; a--, from += plane, to += y.stride) {
    sum_rows_f32(kind, from, x.stride, 0, 0, count, x.columns, 0, 0, to, op.scratch);
  }
}
