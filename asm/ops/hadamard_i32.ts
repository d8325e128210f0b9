// y = signs ∘ (H·round(x / 2^e)), half to even; e below 1: x itself; e above 31: |x| / 2^e ≤ ½ rounds to 0. ../kernels/rotate.ts
import { HadamardI32 } from "../generated/ops/hadamard_i32";
import { mask_first } from "../kernels/pack";
import { rotate, ROTATE_BYTES, times_signs } from "../kernels/rotate";
import { store_words } from "../kernels/tail";

/** A row, and what the rotation needs. */
export function scratch_hadamard_i32(op: HadamardI32): usize {
  return (<usize> op.x.columns << 2) + 16 + ROTATE_BYTES;
}

export function exec_hadamard_i32(op: HadamardI32): void {
  const x = op.x, y = op.y, n = x.columns, e = load<i32>(op.shift.address);
  const temporary = op.scratch, row = temporary + ROTATE_BYTES;
  let from = x.address, to = y.address;
  for (let r = x.rows; r > 0; r--, from += x.stride, to += y.stride) {
    shift_row(from, n, e, row);
    rotate(row, n, op.paley != 0, temporary);
    times_signs(row, op.signs.address, n, row);
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2;
      store_words(to + at, v128.load(row + at), n - i);
    }
  }
}

/** Rounds up where what is shifted out is above a half, or is a half beside an odd quotient. */
function shift_row(x: usize, n: i32, e: i32, to: usize): void {
  const mask = i32x4.splat(e < 1 ? 0 : <i32> ((<u32> 1 << min(e, 31)) - 1)), one = i32x4.splat(1);
  const half = i32x4.splat(e < 1 ? 0x7fffffff : 1 << (min(e, 31) - 1)),
    keep = mask_first(e > 31 ? 0 : 16);
  const shift = max(0, min(e, 31));
  for (; n > 0; n -= 4, x += 16, to += 16) {
    const v = v128.load(x), q = i32x4.shr_s(v, shift);
    const up = i32x4.gt_s(v128.and(v, mask), i32x4.sub(half, v128.and(q, one)));
    v128.store(to, v128.and(i32x4.sub(q, up), keep));
  }
}
