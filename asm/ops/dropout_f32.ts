// y = x·scale where the random word of an element is at least the threshold, else 0: ../kernels/philox.ts.
import { DropoutF32 } from "../generated/ops/dropout_f32";
import { philox_block } from "../kernels/philox_block";

export function scratch_dropout_f32(_op: DropoutF32): usize {
  return 0;
}

export function exec_dropout_f32(op: DropoutF32): void {
  const x = op.x, y = op.y, random = op.random.address, mask = op.mask.address;
  const seed = load<u64>(random), step = load<u64>(random, 8);
  const threshold = load<u32>(mask), stream = load<u32>(mask, 4);
  const scale = load<f32>(op.scale.address);
  let element = load<u64>(random, 16) + <u64> op.partStart * <u64> x.columns;
  let from = x.address, to = y.address;
  let block: u64 = u64.MAX_VALUE;
  let words = i32x4.splat(0);
  for (let r = x.rows; r > 0; r--, from += x.stride, to += y.stride) {
    for (let i = 0; i < x.columns; i++, element++) {
      if (element >> 2 != block) {
        block = element >> 2;
        words = philox_block(<u32> block, stream, step, seed);
      }
      const at = <usize> i << 2, lane = <i32> element & 3;
      const word = lane == 0
        ? i32x4.extract_lane(words, 0)
        : lane == 1
        ? i32x4.extract_lane(words, 1)
        : lane == 2
        ? i32x4.extract_lane(words, 2)
        : i32x4.extract_lane(words, 3);
      const kept = <u32> word >= threshold;
      store<f32>(to + at, kept ? load<f32>(from + at) * scale : 0);
    }
  }
}
