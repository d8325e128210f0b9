// A step of Adagrad: src/instructions/adagrad_f32.ts.
import { AdagradF32 } from "../generated/ops/adagrad_f32";
import { store_words } from "../kernels/tail";

export function scratch_adagrad_f32(_op: AdagradF32): usize {
  return 0;
}

export function exec_adagrad_f32(op: AdagradF32): void {
  const p = op.p, g = op.g, s = op.s;
  const rate = v128.load32_splat(op.rate.address), hyper = op.hyper.address;
  const epsilon = v128.load32_splat(hyper + 0);
  const decay = v128.load32_splat(hyper + 4);
  const n = p.columns;
  let to = p.address, from = g.address, at_s = s.address;
  for (let r = p.rows; r > 0; r--, to += p.stride, from += g.stride, at_s += s.stride) {
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2, left = n - i;
      const old = v128.load(to + at);
      const gradient = f32x4.add(v128.load(from + at), f32x4.mul(decay, old));
      const sum = f32x4.add(v128.load(at_s + at), f32x4.mul(gradient, gradient));
      store_words(at_s + at, sum, left);
      const step = f32x4.div(gradient, f32x4.add(f32x4.sqrt(sum), epsilon));
      store_words(to + at, f32x4.sub(old, f32x4.mul(rate, step)), left);
    }
  }
}
