// high = (bits + 0x8000) >> 16, low = bits − (high << 16), of the one NaN where x is any.
import { SplitMasterF32 } from "../generated/ops/split_master_f32";
import { store_first } from "../kernels/tail";

export function scratch_split_master_f32(_op: SplitMasterF32): usize {
  return 0;
}

export function exec_split_master_f32(op: SplitMasterF32): void {
  const x = op.x, high = op.high, low = op.low;
  let from = x.address, a = high.address, b = low.address;
  for (let r = x.rows; r > 0; r--, from += x.stride, a += high.stride, b += low.stride) {
    for (let i: usize = 0, left = x.columns; left > 0; left -= 4, i += 8) {
      const v = v128.load(from + (i << 1));
      const bits = v128.bitselect(v, i32x4.splat(0x7fc00000), f32x4.eq(v, v));
      const upper = i32x4.shr_u(i32x4.add(bits, i32x4.splat(0x8000)), 16);
      const rest = i32x4.shr_s(i32x4.shl(bits, 16), 16);
      const bytes = min(left, 4) << 1;
      store_first(a + i, i16x8.narrow_i32x4_u(upper, upper), bytes);
      store_first(b + i, i16x8.narrow_i32x4_s(rest, rest), bytes);
    }
  }
}
