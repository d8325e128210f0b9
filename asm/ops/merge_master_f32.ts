// Bits (high << 16) + low.
import { MergeMasterF32 } from "../generated/ops/merge_master_f32";
import { store_words } from "../kernels/tail";

export function scratch_merge_master_f32(_op: MergeMasterF32): usize {
  return 0;
}

export function exec_merge_master_f32(op: MergeMasterF32): void {
  const high = op.high, low = op.low, y = op.y;
  let a = high.address, b = low.address, to = y.address;
  for (let r = y.rows; r > 0; r--, a += high.stride, b += low.stride, to += y.stride) {
    for (let i: usize = 0, left = y.columns; left > 0; left -= 4, i += 8) {
      const upper = i32x4.shl(v128.load16x4_u(a + i), 16);
      store_words(to + (i << 1), i32x4.add(upper, v128.load16x4_s(b + i)), left);
    }
  }
}
