// y[t] = clamp(clamp32(round(h·m[i] / 2^e)), −limit, limit), half to even, i = index[t]; h = table[i], or H·(signs ∘ table[i]).
// The table lies in the panels of the head: row i has 4 bytes in each block of 32. index is checked where it enters.
import { EmbeddingI32 } from "../generated/ops/embedding_i32";
import { rotate, ROTATE_BYTES, times_signs } from "../kernels/rotate";
import { product4, Shift } from "../kernels/shift_i64";
import { store_words } from "../kernels/tail";

/** A shift, a row, and what the rotation needs. */
export function scratch_embedding_i32(op: EmbeddingI32): usize {
  return offsetof<Shift>() + ROTATE_BYTES + (<usize> op.y.columns << 2) + 16;
}

export function exec_embedding_i32(op: EmbeddingI32): void {
  const index = op.index.address, signs = op.signs.address, y = op.y, n = y.columns;
  const shift = changetype<Shift>(op.scratch),
    temporary = op.scratch + offsetof<Shift>(),
    row = temporary + ROTATE_BYTES;
  shift.to_even(load<i32>(op.shift.address));
  const limit = max(load<i32>(op.limit.address), 0), panel = <usize> ((n + 3) >> 2) << 5;
  let to = y.address;
  for (let t = 0; t < op.index.columns; t++, to += y.stride) {
    const i = load<u32>(index + (<usize> t << 2));
    gather(op.table.address + (i >> 3) * panel + ((i & 7) << 2), n, row);
    if (signs) {
      times_signs(row, signs, n, row);
      rotate(row, n, op.paley != 0, temporary);
    }
    scale(shift, row, load<i32>(op.multiplier.address + (<usize> i << 2)), limit, n, to);
  }
}

/** Codes of a row of panels → i32, in whole vectors. */
function gather(from: usize, n: i32, to: usize): void {
  for (; n > 0; n -= 4, from += 32, to += 16) {
    v128.store(to, i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(v128.load32_zero(from))));
  }
}

function scale(shift: Shift, x: usize, multiplier: i32, limit: i32, n: i32, y: usize): void {
  const m = i32x4.splat(multiplier), high = i32x4.splat(limit), low = i32x4.neg(high);
  const e = shift.e,
    half = shift.addend,
    top = shift.offset,
    odd = shift.odd,
    saturates = shift.saturates;
  for (; n > 0; n -= 4, x += 16, y += 16) {
    const q = product4(v128.load(x), m, e, half, top, odd, saturates);
    store_words(y, i32x4.max_s(i32x4.min_s(q, high), low), n);
  }
}
