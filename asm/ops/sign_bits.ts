// Bit c of a byte: whether element c of eight is above 0.
import { DTYPE_BF16, DTYPE_F32 } from "../generated/format";
import { SignBits } from "../generated/ops/sign_bits";

export function scratch_sign_bits(_op: SignBits): usize {
  return 0;
}

export function exec_sign_bits(op: SignBits): void {
  const x = op.x, wide = x.dtype == DTYPE_F32;
  // Above 0 are 16 bits from 1 to those of infinity, without sign; behind them come NaNs.
  const infinity = i16x8.splat(x.dtype == DTYPE_BF16 ? 0x7f80 : 0x7c00), zero = i64x2.splat(0);
  let from = x.address, to = op.y.address;
  for (let t = x.rows; t > 0; t--, from += x.stride, to++) {
    let above: v128;
    if (wide) {
      const low = f32x4.gt(v128.load(from), zero), high = f32x4.gt(v128.load(from, 16), zero);
      above = i16x8.narrow_i32x4_s(low, high);
    } else {
      const bits = v128.load(from);
      above = v128.and(i16x8.gt_s(bits, zero), i16x8.le_s(bits, infinity));
    }
    store<u8>(to, i16x8.bitmask(above));
  }
}
