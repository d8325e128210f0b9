// y[t] = table[index[t]] as float32; the index is checked where it enters (0 ≤ index < V). A table in panels is that of a head: row i is
// column i mod 8 of panel i / 8, [columns][8].
//
//   bf16  the upper half of a float32
//   f16   exponent and fraction, moved to their places in float32, times 2^(127 − 15): exact, subnormals included;
//         the exponent of infinities and NaNs becomes all ones
import { DTYPE_BF16, DTYPE_F32, LAYOUT_PANEL_8 } from "../generated/format";
import { EmbeddingF32 } from "../generated/ops/embedding_f32";
import { store_words } from "../kernels/tail";

// sign, 2^112, the first magnitude (in place) that is not finite, the exponent's bits
const HALF: usize = memory.data<u32>([0x80000000, 0x77800000, 0x0f800000, 0x7f800000], 16);

/** Bits of four float16 in 32-bit lanes → float32. */
// @ts-ignore: decorator
@inline
function widen_half(bits: v128): v128 {
  const sign = v128.and(i32x4.shl(bits, 16), v128.load32_splat(HALF));
  const magnitude = i32x4.shr_u(i32x4.shl(bits, 17), 4);
  const special = v128.and(
    i32x4.ge_s(magnitude, v128.load32_splat(HALF + 8)),
    v128.load32_splat(HALF + 12),
  );
  return v128.or(v128.or(f32x4.mul(magnitude, v128.load32_splat(HALF + 4)), special), sign);
}

export function scratch_embedding_f32(_op: EmbeddingF32): usize {
  return 0;
}

export function exec_embedding_f32(op: EmbeddingF32): void {
  const table = op.table, index = op.index, y = op.y;
  const n = y.columns, type = table.dtype;
  let at = index.address, to = y.address;
  for (let t = index.columns; t > 0; t--, at += 4, to += y.stride) {
    const row = <usize> load<u32>(at);
    if (table.layout == LAYOUT_PANEL_8) {
      let panel = table.address + (row >> 3) * (<usize> n << 5) + ((row & 7) << 2);
      for (let i = 0; i < n; i++, panel += 32) {
        store<u32>(to + (<usize> i << 2), load<u32>(panel));
      }
      continue;
    }
    const from = table.address + row * table.stride;
    if (type == DTYPE_F32) {
      memory.copy(to, from, <usize> n * table.elementBytes);
      continue;
    }
    for (let i = 0; i < n; i += 4) {
      const bits = v128.load16x4_u(from + (<usize> i << 1));
      const wide = type == DTYPE_BF16 ? i32x4.shl(bits, 16) : widen_half(bits);
      store_words(to + (<usize> i << 2), wide, n - i);
    }
  }
}
