// y = x, bit for bit.
import { address, columns, elementBytes, operand, rows, stride } from "../operand";
import { copy_rows } from "../kernels/copy_rows";

export function scratch_copy(_context: usize): usize {
  return 0;
}

export function exec_copy(context: usize): void {
  const x = operand(context, 0), y = operand(context, 1);
  copy_rows(address(x), stride(x), address(y), stride(y), rows(x), <usize> columns(x) * elementBytes(x));
}
