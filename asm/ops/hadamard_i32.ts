// y = signs ∘ (H·round(x / 2^e)), half to even: ../kernels/rotate.ts
import { HadamardI32 } from "../generated/ops/hadamard_i32";
import { requantize_shifted } from "../kernels/epilogue_shifted";
import { rotate, ROTATE_BYTES, times_signs } from "../kernels/rotate";
import { prepare_requantize, shift_of, SHIFTED_BYTES } from "../kernels/shifted_plan";

const ONE: usize = memory.data<i32>([1]);

/** How x becomes t, what the rotation needs, and a row. */
export function scratch_hadamard_i32(op: HadamardI32): usize {
  return SHIFTED_BYTES + ROTATE_BYTES + (<usize> op.x.columns << 2) + 32;
}

export function exec_hadamard_i32(op: HadamardI32): void {
  const x = op.x, y = op.y, n = x.columns;
  const temporary = op.scratch + SHIFTED_BYTES, row = temporary + ROTATE_BYTES;
  const ep = prepare_requantize(op.scratch, ONE, false, 0, false, 32, 4);
  shift_of(op.scratch).to_even(load<i32>(op.shift.address));
  let from = x.address, to = y.address;
  for (let r = x.rows; r > 0; r--, from += x.stride, to += y.stride) {
    requantize_shifted(ep, from, n, row);
    rotate(row, n, op.paley != 0, temporary);
    times_signs(row, op.signs.address, n, row);
    memory.copy(to, row, <usize> n << 2);
  }
}
