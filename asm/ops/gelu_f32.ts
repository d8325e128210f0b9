// y = gelu(x), element by element: ../kernels/f32_math.ts.
import { address, columns, operand, rows, stride } from "../operand";
import { gelu_f32 } from "../kernels/f32_math";
import { store_first } from "../kernels/tail";

export function scratch_gelu_f32(_context: usize): usize {
  return 0;
}

export function exec_gelu_f32(context: usize): void {
  const x = operand(context, 0), y = operand(context, 1);
  const n = columns(x), whole = n & ~7;
  let from = address(x), to = address(y);
  for (let r = rows(x); r > 0; r--, from += stride(x), to += stride(y)) {
    let i = 0;
    for (; i < whole; i += 8) {
      const at = <usize> i << 2, v = gelu_f32(v128.load(from + at)), w = gelu_f32(v128.load(from + at, 16));
      v128.store(to + at, v);
      v128.store(to + at, w, 16);
    }
    for (; i < n; i += 4) store_first(to + (<usize> i << 2), gelu_f32(v128.load(from + (<usize> i << 2))), min(n - i, 4) << 2);
  }
}
