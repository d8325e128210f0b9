// One of the two 16-bit floats next to x, by a random word: ../../src/numeric/stochastic.ts.
import { DTYPE_BF16 } from "../generated/format";
import { RoundStochasticF32 } from "../generated/ops/round_stochastic_f32";
import { philox_block } from "../kernels/philox_block";

export function scratch_round_stochastic_f32(_op: RoundStochasticF32): usize {
  return 64;
}

export function exec_round_stochastic_f32(op: RoundStochasticF32): void {
  const x = op.x, y = op.y, random = op.random.address, words = op.scratch + 15 & ~15;
  const seed = load<u64>(random), step = load<u64>(random, 8);
  const stream = load<u32>(op.stream.address), isBfloat = y.dtype == DTYPE_BF16;
  let element = load<u64>(random, 16) + <u64> op.partStart * <u64> x.columns;
  let from = x.address, to = y.address;
  let block: u64 = u64.MAX_VALUE;
  for (let r = x.rows; r > 0; r--, from += x.stride, to += y.stride) {
    for (let i = 0; i < x.columns; i++, element++) {
      if (element >> 2 != block) {
        block = element >> 2;
        v128.store(words, philox_block(<u32> block, stream, step, seed));
      }
      const word = load<u32>(words + (<usize> (element & 3) << 2));
      const bits = load<u32>(from + (<usize> i << 2));
      const half = isBfloat ? stochastic_bf16(bits, word) : stochastic_f16(bits, word);
      store<u16>(to + (<usize> i << 1), half);
    }
  }
}

function stochastic_bf16(bits: u32, word: u32): u32 {
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return 0x7fc0;
  return magnitude == 0x7f800000 ? bits >> 16 : (bits + (word >> 16)) >> 16;
}

function stochastic_f16(bits: u32, word: u32): u32 {
  const sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return 0x7e00;
  if (magnitude >= 0x38800000) {
    return sign | min((magnitude - 0x38000000 + (word >> 19)) >> 13, 0x7c00);
  }
  const steps = reinterpret<f32>(magnitude) * <f32> 16777216, whole = trunc<f32>(steps);
  const uniform = <f32> (word >> 8) * <f32> (1.0 / 16777216);
  return sign | <u32> whole + <u32> (steps - whole >= <f32> 1 - uniform);
}
