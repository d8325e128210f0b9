// Softmax over the last extent: ../kernels/softmax_f32.ts.
import { address, columns, operand, rows, stride } from "../operand";
import { softmax_row_f32 } from "../kernels/softmax_f32";

export function scratch_softmax_f32(_context: usize): usize {
  return 0;
}

export function exec_softmax_f32(context: usize): void {
  const x = operand(context, 0), y = operand(context, 1);
  let from = address(x), to = address(y);
  for (let r = rows(x); r > 0; r--, from += stride(x), to += stride(y)) softmax_row_f32(from, columns(x), to);
}
