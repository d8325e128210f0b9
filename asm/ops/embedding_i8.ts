// y[t] = clamp16(round(table[i]·m[i] / 2^e[i]) + round(positions[p]·m' / 2^e')), i = index[t], p = min(t − offsets[s], P − 1); half to even.
// index and offsets are checked where they enter: 0 ≤ i < V, and every token belongs to one sequence.
import { address, columns, operand, rows, stride } from "../operand";
import { real_multiplier } from "../kernels/integer";
import { unpack_row } from "./embedding_i4";
import { residual_row } from "./requantize";

export function scratch_embedding_i8(_context: usize): usize {
  return 0;
}

export function exec_embedding_i8(context: usize): void {
  embed(context, 1, false);
}

/** `first` is the operand of the multipliers; `packed`: rows have 4 bits. */
export function embed(context: usize, first: i32, packed: bool): void {
  const table = operand(context, 0), positions = operand(context, first + 2), offsets = operand(context, first + 6), y = operand(context, first + 7);
  const m = address(operand(context, first)), shifts = operand(context, first + 1), index = address(operand(context, first + 5));
  const m2 = real_multiplier(load<i32>(address(operand(context, first + 3))), load<i32>(address(operand(context, first + 4))));
  const e = address(shifts), e_step: usize = columns(shifts) == 1 ? 0 : 4;
  let to = address(y);
  for (let s = 1; s < columns(offsets); s++) {
    const bound = address(offsets) + (<usize> s << 2), start = load<i32>(bound - 4), end = load<i32>(bound);
    for (let t = start; t < end; t++, to += stride(y)) {
      const i = <usize> load<u32>(index + (<usize> t << 2)), p = <usize> min(t - start, rows(positions) - 1);
      residual_row(
        packed ? unpack_row(context, i) : address(table) + i * stride(table), packed,
        real_multiplier(load<i32>(m + (i << 2)), load<i32>(e + i * e_step)),
        address(positions) + p * stride(positions), true, m2, 0, columns(y), to, true,
      );
    }
  }
}
