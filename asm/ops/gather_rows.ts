// y[b][i] = x[b][index[i]]; the index is checked where it enters (0 ≤ index < R).
import { address, columns, elementBytes, extent, operand, stride } from "../operand";

export function scratch_gather_rows(_context: usize): usize {
  return 0;
}

export function exec_gather_rows(context: usize): void {
  const x = operand(context, 0), index = operand(context, 1), y = operand(context, 2);
  const bytes = <usize> columns(x) * elementBytes(x), count = columns(index);
  let from = address(x), to = address(y);
  for (let b = extent(x, 0); b > 0; b--, from += <usize> extent(x, 1) * stride(x)) {
    for (let i = 0; i < count; i++, to += stride(y)) {
      memory.copy(to, from + <usize> load<u32>(address(index) + (<usize> i << 2)) * stride(x), bytes);
    }
  }
}
