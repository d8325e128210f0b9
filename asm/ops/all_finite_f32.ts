// Whether no element has all bits of its exponent.
import { DTYPE_BF16, DTYPE_F32 } from "../generated/format";
import { AllFiniteF32 } from "../generated/ops/all_finite_f32";

export function scratch_all_finite_f32(_op: AllFiniteF32): usize {
  return 0;
}

export function exec_all_finite_f32(op: AllFiniteF32): void {
  const x = op.x, y = op.y, wide = x.dtype == DTYPE_F32;
  const mask: u32 = wide ? 0x7f800000 : x.dtype == DTYPE_BF16 ? 0x7f80 : 0x7c00;
  let finite: f32 = 1, at = x.address;
  for (let r = x.rows; r > 0; r--, at += x.stride) {
    for (let i = 0; i < x.columns; i++) {
      const bits = wide ? load<u32>(at + (<usize> i << 2)) : <u32> load<u16>(at + (<usize> i << 1));
      if ((bits & mask) == mask) finite = 0;
    }
  }
  for (let i = 0; i < y.columns; i++) store<f32>(y.address + (<usize> i << 2), finite);
}
