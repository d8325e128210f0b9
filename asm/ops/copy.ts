// y = x, bit for bit.
import { Copy } from "../generated/ops/copy";
import { copy_rows } from "../kernels/copy_rows";

export function scratch_copy(_op: Copy): usize {
  return 0;
}

export function exec_copy(op: Copy): void {
  const x = op.x, y = op.y;
  copy_rows(x.address, x.stride, y.address, y.stride, x.rows, <usize> x.columns * x.elementBytes);
}
