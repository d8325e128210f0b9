// y[t] = clamp16(round(table[i]·m[i] / 2^e[i]) + round(positions[p]·m' / 2^e')), i = index[t], p = min(t − offsets[s], P − 1); half to even.
// index and offsets are checked where they enter: 0 ≤ i < V, and every token belongs to one sequence.
import { address, columns, operand, rows, stride } from "../operand";
import { real_multiplier } from "../kernels/integer";
import { residual_row } from "./requantize";

export function scratch_embedding_i8(_context: usize): usize {
  return 0;
}

export function exec_embedding_i8(context: usize): void {
  const table = operand(context, 0), positions = operand(context, 3), offsets = operand(context, 7), y = operand(context, 8);
  const m = address(operand(context, 1)), e = address(operand(context, 2)), index = address(operand(context, 6));
  const m2 = real_multiplier(load<i32>(address(operand(context, 4))), load<i32>(address(operand(context, 5))));
  let to = address(y);
  for (let s = 1; s < columns(offsets); s++) {
    const bound = address(offsets) + (<usize> s << 2), first = load<i32>(bound - 4), end = load<i32>(bound);
    for (let t = first; t < end; t++, to += stride(y)) {
      const i = <usize> load<u32>(index + (<usize> t << 2)), p = <usize> min(t - first, rows(positions) - 1);
      residual_row(
        address(table) + i * stride(table), false, real_multiplier(load<i32>(m + (i << 2)), load<i32>(e + (i << 2))),
        address(positions) + p * stride(positions), true, m2, 0, columns(y), to, true,
      );
    }
  }
}
