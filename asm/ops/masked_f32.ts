// y = x times 1 or 0, by a bit of each element.
import { MaskedF32 } from "../generated/ops/masked_f32";

export function scratch_masked_f32(_op: MaskedF32): usize {
  return 0;
}

// @ts-ignore: decorator
@inline
function product(from: usize, bits: i32, own: v128): v128 {
  const set = i32x4.ne(v128.and(i32x4.splat(bits), own), i32x4.splat(0));
  return f32x4.mul(v128.load(from), v128.and(f32x4.splat(1), set));
}

export function exec_masked_f32(op: MaskedF32): void {
  const x = op.x, y = op.y;
  let from = x.address, to = y.address, at = op.bits.address;
  for (let t = x.rows; t > 0; t--, from += x.stride, to += y.stride, at++) {
    const bits = <i32> load<u8>(at);
    v128.store(to, product(from, bits, i32x4(1, 2, 4, 8)));
    v128.store(to, product(from + 16, bits, i32x4(16, 32, 64, 128)), 16);
  }
}
