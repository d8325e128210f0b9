// y[t] = clamp(clamp32(round(h·m[i] / 2^e)), −limit, limit), half to even, i = index[t]; h = table[i], or H·(signs ∘ table[i]).
// The table lies in the panels of the head: row i has 4 bytes in each block of 32. index is checked where it enters.
import { EmbeddingI32 } from "../generated/ops/embedding_i32";
import { requantize_shifted } from "../kernels/epilogue_shifted";
import { rotate, ROTATE_BYTES, times_signs } from "../kernels/rotate";
import { limit_to, prepare_requantize, shift_of, SHIFTED_BYTES } from "../kernels/shifted_plan";

/** How h becomes y, what the rotation needs, and a row. */
export function scratch_embedding_i32(op: EmbeddingI32): usize {
  return SHIFTED_BYTES + ROTATE_BYTES + (<usize> op.y.columns << 2) + 32;
}

export function exec_embedding_i32(op: EmbeddingI32): void {
  const index = op.index.address, signs = op.signs, y = op.y, n = y.columns;
  const temporary = op.scratch + SHIFTED_BYTES, row = temporary + ROTATE_BYTES;
  const ep = prepare_requantize(op.scratch, 0, false, 0, false, 32, 4);
  shift_of(op.scratch).to_even(load<i32>(op.shift.address));
  limit_to(ep, op.limit);
  const panel = <usize> ((n + 3) >> 2) << 5;
  let to = y.address;
  for (let t = 0; t < op.index.columns; t++, to += y.stride) {
    const i = load<u32>(index + (<usize> t << 2));
    gather(op.table.address + (i >> 3) * panel + ((i & 7) << 2), n, row);
    if (signs.address) {
      times_signs(row, signs.address, n, row);
      rotate(row, n, op.paley != 0, temporary);
    }
    ep.m = op.multiplier.address + (<usize> i << 2);
    requantize_shifted(ep, row, n, to);
  }
}

/** Codes of a row of panels → i32, in whole vectors. */
function gather(from: usize, n: i32, to: usize): void {
  for (; n > 0; n -= 4, from += 32, to += 16) {
    v128.store(to, i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(v128.load32_zero(from))));
  }
}
