// y[b] = the rows of `first`, then those of x[b].
import { ConcatRows } from "../generated/ops/concat_rows";
import { copy_rows } from "../kernels/copy_rows";

export function scratch_concat_rows(_op: ConcatRows): usize {
  return 0;
}

export function exec_concat_rows(op: ConcatRows): void {
  const first = op.first, x = op.x, y = op.y;
  const bytes = <usize> x.columns * x.elementBytes, length = x.extent(1);
  let from = x.address, to = y.address;
  for (let b = x.extent(0); b > 0; b--) {
    copy_rows(first.address, first.stride, to, y.stride, first.rows, bytes);
    to += <usize> first.rows * y.stride;
    copy_rows(from, x.stride, to, y.stride, length, bytes);
    from += <usize> length * x.stride;
    to += <usize> length * y.stride;
  }
}
