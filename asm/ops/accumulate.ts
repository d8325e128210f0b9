// y = y + x: i32 wraps, f32 rounds.
import { address, columns, dtype, F32, operand, rows, stride } from "../operand";
import { store_first } from "../kernels/tail";

export function scratch_accumulate(_context: usize): usize {
  return 0;
}

export function exec_accumulate(context: usize): void {
  const x = operand(context, 0), y = operand(context, 1);
  const n = columns(x), real = dtype(x) == F32;
  let from = address(x), to = address(y);
  for (let r = rows(x); r > 0; r--, from += stride(x), to += stride(y)) {
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2, a = v128.load(to + at), b = v128.load(from + at);
      store_first(to + at, real ? f32x4.add(a, b) : i32x4.add(a, b), min(n - i, 4) << 2);
    }
  }
}
