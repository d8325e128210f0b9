// y = clamp(round(table[clamp(gate, −2048, 2047) + 2048]·up / 2^e) + zero_point), half to even; to 8 bits, or 12 in 16.
//
// |product| ≤ 2^30: with e ≤ 31 product + 2^(e−1) has 32 bits, and e = 31 gives 0, as every larger one. A zero point beyond 2^30 saturates as 2^30 does.
import { DTYPE_I16 } from "../generated/format";
import { SwigluI16 } from "../generated/ops/swiglu_i16";
import { between } from "../kernels/between";
import { limited, load_entries } from "../kernels/entries_i16";
import { store_first } from "../kernels/tail";

export function scratch_swiglu_i16(_op: SwigluI16): usize {
  return 16;
}

export function exec_swiglu_i16(op: SwigluI16): void {
  const gate = op.gate, up = op.up, y = op.y, middle = op.table.address + 4096;
  const e = between(1, load<i32>(op.shift.address), 31);
  const zero = i32x4.splat(between(-(1 << 30), load<i32>(op.zero_point.address), 1 << 30));
  const half = i32x4.splat((1 << (e - 1)) - 1);
  const wide = usize(y.dtype == DTYPE_I16);
  let from = gate.address, other = up.address, to = y.address;
  for (
    let r = gate.rows;
    r > 0;
    r--, from += gate.stride, other += up.stride, to += y.stride
  ) {
    for (let left = gate.columns, i: usize = 0; left > 0; left -= 8, i += 8) {
      load_entries(middle, from + (i << 1), op.scratch);
      const g = v128.load(op.scratch), u = v128.load(other + (i << 1));
      const p0 = shifted(i32x4.extmul_low_i16x8_s(g, u), e, half, zero),
        p1 = shifted(i32x4.extmul_high_i16x8_s(g, u), e, half, zero);
      let codes = limited(i16x8.narrow_i32x4_s(p0, p1));
      if (!wide) codes = i8x16.narrow_i16x8_s(codes, codes);
      store_first(to + (i << wide), codes, min(left, 8) << i32(wide));
    }
  }
}

/** round(p / 2^e) + zero. */
// @ts-ignore: decorator
@inline
function shifted(p: v128, e: i32, half: v128, zero: v128): v128 {
  // Bit e of p, without a constant of 16 bytes.
  const odd = i32x4.shr_u(i32x4.shl(p, 31 - e), 31);
  const sum = i32x4.add(i32x4.add(p, half), odd);
  return i32x4.add(i32x4.shr_s(sum, e), zero);
}
