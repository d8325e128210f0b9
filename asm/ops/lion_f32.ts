// A step of Lion: src/instructions/lion_f32.ts.
import { LionF32 } from "../generated/ops/lion_f32";
import { store_words } from "../kernels/tail";

export function scratch_lion_f32(_op: LionF32): usize {
  return 0;
}

export function exec_lion_f32(op: LionF32): void {
  const p = op.p, g = op.g, m = op.m;
  const scalars = op.scalars.address, hyper = op.hyper.address;
  const rate = v128.load32_splat(scalars + 0);
  const keep = v128.load32_splat(scalars + 4);
  const beta1 = v128.load32_splat(hyper + 0);
  const rest1 = v128.load32_splat(hyper + 4);
  const beta2 = v128.load32_splat(hyper + 8);
  const rest2 = v128.load32_splat(hyper + 12);
  const zero = f32x4.splat(0);
  const n = p.columns;
  let to = p.address, from = g.address, at_m = m.address;
  for (let r = p.rows; r > 0; r--, to += p.stride, from += g.stride, at_m += m.stride) {
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2, left = n - i;
      const old = v128.load(at_m + at), gradient = v128.load(from + at);
      const sum = f32x4.add(f32x4.mul(beta1, old), f32x4.mul(rest1, gradient));
      const up = v128.and(rate, f32x4.gt(sum, zero)), down = v128.and(rate, f32x4.lt(sum, zero));
      const kept = f32x4.mul(keep, v128.load(to + at));
      store_words(to + at, f32x4.sub(kept, f32x4.sub(up, down)), left);
      const mean = f32x4.add(f32x4.mul(beta2, old), f32x4.mul(rest2, gradient));
      store_words(at_m + at, mean, left);
    }
  }
}
