// y[t] = fl(table[i]·scale[i]), i = index[t], which is checked where it enters. The table lies in the panels of the head: row i has 4 bytes
// in each block of 32.
// Floats in *: where integers end.
import { EmbeddingScaledF32 } from "../generated/ops/embedding_scaled_f32";
import { store_words } from "../kernels/tail";

export function scratch_embedding_scaled_f32(_op: EmbeddingScaledF32): usize {
  return 0;
}

export function exec_embedding_scaled_f32(op: EmbeddingScaledF32): void {
  const index = op.index, y = op.y, n = y.columns;
  const panel = <usize> ((n + 3) >> 2) << 5;
  let at = index.address, to = y.address;
  for (let t = index.columns; t > 0; t--, at += 4, to += y.stride) {
    const i = <usize> load<u32>(at);
    const scale = v128.load32_splat(op.scale.address + (i << 2));
    let from = op.table.address + (i >> 3) * panel + ((i & 7) << 2);
    for (let k = 0; k < n; k += 4, from += 32) {
      const codes = i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(v128.load32_zero(from)));
      store_words(to + (<usize> k << 2), f32x4.mul(f32x4.convert_i32x4_s(codes), scale), n - k);
    }
  }
}
