// y[t] = table[index[t]] as float32; the index is checked where it enters (0 ≤ index < V).
//
//   bf16  the upper half of a float32
//   f16   exponent and fraction, moved to their places in float32, times 2^(127 − 15): exact, subnormals included;
//         the exponent of infinities and NaNs becomes all ones
import { address, columns, dtype, elementBytes, F32, operand, stride } from "../operand";
import { store_first } from "../kernels/tail";

const BF16: i32 = 8;

// sign, 2^112, the first magnitude (in place) that is not finite, the exponent's bits
const HALF: usize = memory.data<u32>([0x80000000, 0x77800000, 0x0f800000, 0x7f800000], 16);

/** Bits of four float16 in 32-bit lanes → float32. */
// @ts-ignore: decorator
@inline
function widen_half(bits: v128): v128 {
  const sign = v128.and(i32x4.shl(bits, 16), v128.load32_splat(HALF));
  const magnitude = i32x4.shr_u(i32x4.shl(bits, 17), 4);
  const special = v128.and(i32x4.ge_s(magnitude, v128.load32_splat(HALF + 8)), v128.load32_splat(HALF + 12));
  return v128.or(v128.or(f32x4.mul(magnitude, v128.load32_splat(HALF + 4)), special), sign);
}

export function scratch_embedding_f32(_context: usize): usize {
  return 0;
}

export function exec_embedding_f32(context: usize): void {
  const table = operand(context, 0), index = operand(context, 1), y = operand(context, 2);
  const n = columns(y), type = dtype(table);
  let at = address(index), to = address(y);
  for (let t = columns(index); t > 0; t--, at += 4, to += stride(y)) {
    const from = address(table) + <usize> load<u32>(at) * stride(table);
    if (type == F32) {
      memory.copy(to, from, <usize> n * elementBytes(table));
      continue;
    }
    for (let i = 0; i < n; i += 4) {
      const bits = v128.load16x4_u(from + (<usize> i << 1));
      const wide = type == BF16 ? i32x4.shl(bits, 16) : widen_half(bits);
      store_first(to + (<usize> i << 2), wide, min(n - i, 4) << 2);
    }
  }
}
