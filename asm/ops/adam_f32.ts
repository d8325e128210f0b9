// A step of Adam: src/instructions/adam_f32.ts.
import { AdamF32 } from "../generated/ops/adam_f32";
import { store_words } from "../kernels/tail";

export function scratch_adam_f32(_op: AdamF32): usize {
  return 0;
}

export function exec_adam_f32(op: AdamF32): void {
  const p = op.p, g = op.g, m = op.m, v = op.v;
  const scalars = op.scalars.address, hyper = op.hyper.address;
  const rate = v128.load32_splat(scalars + 0);
  const root = v128.load32_splat(scalars + 4);
  const keep = v128.load32_splat(scalars + 8);
  const beta1 = v128.load32_splat(hyper + 0);
  const rest1 = v128.load32_splat(hyper + 4);
  const beta2 = v128.load32_splat(hyper + 8);
  const rest2 = v128.load32_splat(hyper + 12);
  const epsilon = v128.load32_splat(hyper + 16);
  const decay = v128.load32_splat(hyper + 20);
  const n = p.columns;
  let to = p.address, from = g.address, at_m = m.address, at_v = v.address;
  for (
    let r = p.rows;
    r > 0;
    r--, to += p.stride, from += g.stride, at_m += m.stride, at_v += v.stride
  ) {
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2, left = n - i;
      const kept = f32x4.mul(keep, v128.load(to + at));
      const gradient = f32x4.add(v128.load(from + at), f32x4.mul(decay, kept));
      const mean = f32x4.add(f32x4.mul(beta1, v128.load(at_m + at)), f32x4.mul(rest1, gradient));
      const square = f32x4.mul(f32x4.mul(rest2, gradient), gradient);
      const variance = f32x4.add(f32x4.mul(beta2, v128.load(at_v + at)), square);
      const divisor = f32x4.add(f32x4.mul(f32x4.sqrt(variance), root), epsilon);
      store_words(at_m + at, mean, left);
      store_words(at_v + at, variance, left);
      store_words(to + at, f32x4.sub(kept, f32x4.mul(rate, f32x4.div(mean, divisor))), left);
    }
  }
}
