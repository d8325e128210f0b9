// y = gelu(x), element by element: ../kernels/f32_math.ts.
import { GeluF32 } from "../generated/ops/gelu_f32";
import { gelu_f32 } from "../kernels/f32_math";
import { load_words, store_words } from "../kernels/tail";

export function scratch_gelu_f32(_op: GeluF32): usize {
  return 0;
}

export function exec_gelu_f32(op: GeluF32): void {
  const x = op.x, y = op.y;
  const n = x.columns;
  let from = x.address, to = y.address;
  for (let r = x.rows; r > 0; r--, from += x.stride, to += y.stride) {
    for (let i = 0; i < n; i += 8) {
      const at = <usize> i << 2, left = n - i;
      const v = gelu_f32(v128.load(from + at)), w = gelu_f32(load_words(from + at + 16, left - 4));
      store_words(to + at, v, left);
      if (left > 4) store_words(to + at + 16, w, left - 4);
    }
  }
}
