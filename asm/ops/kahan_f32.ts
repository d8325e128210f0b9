// y = q(d − rest), s = q(p + y), rest = q(q(s − p) − y), p = s: pieces of a row as float32, rounded by way of 16 bits.
import { KahanF32 } from "../generated/ops/kahan_f32";
import { narrow_row, widen_row } from "../kernels/half_f32";

/** Elements of a piece. */
const PIECE: i32 = 256, PIECE_BYTES: usize = 256 * 4 + 64;

export function scratch_kahan_f32(_op: KahanF32): usize {
  return 4 * PIECE_BYTES + 64;
}

export function exec_kahan_f32(op: KahanF32): void {
  const d = op.d, rest = op.rest, p = op.p, dtype = p.dtype;
  const before = op.scratch + 15 & ~15, y = before + PIECE_BYTES, sum = y + PIECE_BYTES;
  const bits = sum + PIECE_BYTES;
  let delta = d.address, c = rest.address, to = p.address;
  for (let r = p.rows; r > 0; r--, delta += d.stride, c += rest.stride, to += p.stride) {
    for (let i = 0; i < p.columns; i += PIECE) {
      const n = min(PIECE, p.columns - i), at = <usize> i << 1;
      widen_row(to + at, before, n, dtype);
      widen_row(c + at, y, n, dtype);
      subtract(delta + (at << 1), y, y, n);
      round(y, bits, n, dtype);
      add(before, y, sum, n);
      narrow_row(sum, to + at, n, dtype);
      widen_row(to + at, sum, n, dtype);
      subtract(sum, before, before, n);
      round(before, bits, n, dtype);
      subtract(before, y, before, n);
      narrow_row(before, c + at, n, dtype);
    }
  }
}

/** Rounds float32 numbers to 16 bits. */
function round(x: usize, bits: usize, n: i32, dtype: i32): void {
  narrow_row(x, bits, n, dtype);
  widen_row(bits, x, n, dtype);
}

function add(a: usize, b: usize, y: usize, n: i32): void {
  for (; n > 0; n -= 4, a += 16, b += 16, y += 16) {
    v128.store(y, f32x4.add(v128.load(a), v128.load(b)));
  }
}

function subtract(a: usize, b: usize, y: usize, n: i32): void {
  for (; n > 0; n -= 4, a += 16, b += 16, y += 16) {
    v128.store(y, f32x4.sub(v128.load(a), v128.load(b)));
  }
}
