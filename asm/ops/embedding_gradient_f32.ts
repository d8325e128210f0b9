// dtable[index[t]] += dy[t], t ascending from zeros; the index is checked where it enters.
import { EmbeddingGradientF32 } from "../generated/ops/embedding_gradient_f32";
import { store_words } from "../kernels/tail";

export function scratch_embedding_gradient_f32(_op: EmbeddingGradientF32): usize {
  return 0;
}

export function exec_embedding_gradient_f32(op: EmbeddingGradientF32): void {
  const dy = op.dy, table = op.dtable;
  const n = dy.columns, bytes = <usize> n << 2;
  for (let r = 0, at = table.address; r < table.rows; r++, at += table.stride) {
    memory.fill(at, 0, bytes);
  }
  let index = op.index.address, from = dy.address;
  for (let t = dy.rows; t > 0; t--, index += 4, from += dy.stride) {
    const to = table.address + <usize> load<u32>(index) * table.stride;
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2;
      store_words(to + at, f32x4.add(v128.load(to + at), v128.load(from + at)), n - i);
    }
  }
}
