// y = fl32(a + b); row r of y uses row r mod (rows of b).
import { address, columns, operand, rows, stride } from "../operand";
import { store_first } from "../kernels/tail";

export function scratch_add_f32(_context: usize): usize {
  return 0;
}

export function exec_add_f32(context: usize): void {
  const a = operand(context, 0), b = operand(context, 1), y = operand(context, 2);
  const n = columns(a);
  let left = address(a), to = address(y);
  for (let r = 0; r < rows(a); r++, left += stride(a), to += stride(y)) {
    const right = address(b) + <usize> (r % rows(b)) * stride(b);
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2;
      store_first(to + at, f32x4.add(v128.load(left + at), v128.load(right + at)), min(n - i, 4) << 2);
    }
  }
}
