// y = gelu(x), element by element: ../kernels/f32_math.ts.
import { GeluF32 } from "../generated/ops/gelu_f32";
import { gelu_f32 } from "../kernels/f32_math";
import { store_words } from "../kernels/tail";

export function scratch_gelu_f32(_op: GeluF32): usize {
  return 0;
}

export function exec_gelu_f32(op: GeluF32): void {
  const x = op.x, y = op.y;
  const n = x.columns, whole = n & ~7;
  let from = x.address, to = y.address;
  for (let r = x.rows; r > 0; r--, from += x.stride, to += y.stride) {
    let i = 0;
    for (; i < whole; i += 8) {
      const at = <usize> i << 2,
        v = gelu_f32(v128.load(from + at)),
        w = gelu_f32(v128.load(from + at, 16));
      v128.store(to + at, v);
      v128.store(to + at, w, 16);
    }
    for (; i < n; i += 4) {
      store_words(
        to + (<usize> i << 2),
        gelu_f32(v128.load(from + (<usize> i << 2))),
        n - i,
      );
    }
  }
}
