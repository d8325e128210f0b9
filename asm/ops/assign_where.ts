// y = x where the condition is not 0.
import { AssignWhere } from "../generated/ops/assign_where";
import { copy_rows } from "../kernels/copy_rows";

export function scratch_assign_where(_op: AssignWhere): usize {
  return 0;
}

export function exec_assign_where(op: AssignWhere): void {
  if (load<f32>(op.condition.address) == 0) return;
  const x = op.x, y = op.y;
  copy_rows(x.address, x.stride, y.address, y.stride, x.rows, <usize> x.columns * x.elementBytes);
}
