// y = clamp8(round(table[clamp(gate, −2048, 2047) + 2048]·up / 2^e) + zero_point), half to even.
//
// |product| ≤ 2^30: with e ≤ 31 product + 2^(e−1) has 32 bits, and e = 31 gives 0, as every larger one. A zero point beyond 2^30 saturates as 2^30 does.
import { SwigluI16 } from "../generated/ops/swiglu_i16";
import { load_entries } from "../kernels/entries_i16";
import { store_codes } from "../kernels/tail";

export function scratch_swiglu_i16(_op: SwigluI16): usize {
  return 16;
}

export function exec_swiglu_i16(op: SwigluI16): void {
  const gate = op.gate, up = op.up, y = op.y, middle = op.table.address + 4096;
  const e = max(1, min(31, load<i32>(op.shift.address)));
  const zero = i32x4.splat(max(-(1 << 30), min(1 << 30, load<i32>(op.zero_point.address))));
  const half = i32x4.splat((1 << (e - 1)) - 1), one = i32x4.splat(1);
  let from = gate.address, other = up.address, to = y.address;
  for (
    let r = gate.rows;
    r > 0;
    r--, from += gate.stride, other += up.stride, to += y.stride
  ) {
    for (let left = gate.columns, i: usize = 0; left > 0; left -= 8, i += 8) {
      load_entries(middle, from + (i << 1), op.scratch);
      const g = v128.load(op.scratch), u = v128.load(other + (i << 1));
      const p0 = shifted(i32x4.extmul_low_i16x8_s(g, u), e, half, one, zero),
        p1 = shifted(i32x4.extmul_high_i16x8_s(g, u), e, half, one, zero);
      store_codes(to + i, i16x8.narrow_i32x4_s(p0, p1), left, false);
    }
  }
}

/** round(p / 2^e) + zero. */
// @ts-ignore: decorator
@inline
function shifted(p: v128, e: i32, half: v128, one: v128, zero: v128): v128 {
  const sum = i32x4.add(i32x4.add(p, half), v128.and(i32x4.shr_s(p, e), one));
  return i32x4.add(i32x4.shr_s(sum, e), zero);
}
