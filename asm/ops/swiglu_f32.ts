// y = silu(gate)·up, element by element: ../kernels/silu_f32.ts.
import { address, columns, operand, rows, stride } from "../operand";
import { silu_row_f32 } from "../kernels/silu_f32";

export function scratch_swiglu_f32(_context: usize): usize {
  return 0;
}

export function exec_swiglu_f32(context: usize): void {
  const gate = operand(context, 0), up = operand(context, 1), y = operand(context, 2);
  let from = address(gate), other = address(up), to = address(y);
  for (let r = rows(y); r > 0; r--, from += stride(gate), other += stride(up), to += stride(y)) {
    silu_row_f32(from, other, 0, 1, to, columns(y));
  }
}
