// y[b] = the rows of `first`, then those of x[b].
import { address, columns, elementBytes, extent, operand, rows, stride } from "../operand";
import { copy_rows } from "../kernels/copy_rows";

export function scratch_concat_rows(_context: usize): usize {
  return 0;
}

export function exec_concat_rows(context: usize): void {
  const first = operand(context, 0), x = operand(context, 1), y = operand(context, 2);
  const bytes = <usize> columns(x) * elementBytes(x), length = extent(x, 1);
  let from = address(x), to = address(y);
  for (let b = extent(x, 0); b > 0; b--) {
    copy_rows(address(first), stride(first), to, stride(y), rows(first), bytes);
    to += <usize> rows(first) * stride(y);
    copy_rows(from, stride(x), to, stride(y), length, bytes);
    from += <usize> length * stride(x);
    to += <usize> length * stride(y);
  }
}
