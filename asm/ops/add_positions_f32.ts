// y[t] = x[t] + positions[min(t − offsets[s], P − 1)] for the tokens t of sequence s; offsets are checked where they enter.
import { address, columns, operand, rows, stride } from "../operand";
import { store_first } from "../kernels/tail";

export function scratch_add_positions_f32(_context: usize): usize {
  return 0;
}

export function exec_add_positions_f32(context: usize): void {
  const x = operand(context, 0), positions = operand(context, 1), offsets = operand(context, 2), y = operand(context, 3);
  let from = address(x), to = address(y);
  for (let s = 1; s < columns(offsets); s++) {
    const bound = address(offsets) + (<usize> s << 2), count = load<i32>(bound) - load<i32>(bound - 4);
    for (let t = 0; t < count; t++, from += stride(x), to += stride(y)) {
      const row = address(positions) + <usize> min(t, rows(positions) - 1) * stride(positions);
      for (let left = columns(y), c: usize = 0; left > 0; left -= 4, c += 16) {
        store_first(to + c, f32x4.add(v128.load(from + c), v128.load(row + c)), min(left, 4) << 2);
      }
    }
  }
}
