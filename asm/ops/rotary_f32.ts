// y[2i] = x[2i]·c + x[2i+1]·(−s);  y[2i+1] = x[2i+1]·c + x[2i]·s in each head of 2·H channels; c and s of pair i are in the rows 0 and 1
// of the token's angles.
import { RotaryF32 } from "../generated/ops/rotary_f32";

const EVEN: usize = memory.data<u32>([0x80000000, 0, 0x80000000, 0], 16);

export function scratch_rotary_f32(_op: RotaryF32): usize {
  return 0;
}

export function exec_rotary_f32(op: RotaryF32): void {
  const x = op.x, angles = op.angles, y = op.y;
  const size = angles.columns << 1, negated = v128.load(EVEN);
  let from = x.address, to = y.address, cosines = angles.address;
  for (
    let r = x.rows;
    r > 0;
    r--, from += x.stride, to += y.stride, cosines += angles.stride << 1
  ) {
    for (let head = 0; head < x.columns; head += size) {
      for (let i = 0; i < size; i += 4) {
        const at = <usize> (head + i) << 2, pair = cosines + (<usize> i << 1);
        let c = v128.load64_zero(pair), s = v128.load64_zero(pair + angles.stride);
        c = v128.shuffle<i32>(c, c, 0, 0, 1, 1);
        s = v128.xor(v128.shuffle<i32>(s, s, 0, 0, 1, 1), negated);
        const v = v128.load(from + at);
        const turned = v128.shuffle<i32>(v, v, 1, 0, 3, 2);
        const sum = f32x4.add(f32x4.mul(v, c), f32x4.mul(turned, s));
        // Channels come in pairs.
        if (size - i > 2) v128.store(to + at, sum);
        else v128.store64_lane(to + at, sum, 0);
      }
    }
  }
}
