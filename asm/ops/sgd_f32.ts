// A step of SGD: src/instructions/sgd_f32.ts.
import { SgdF32 } from "../generated/ops/sgd_f32";
import { store_words } from "../kernels/tail";

export function scratch_sgd_f32(_op: SgdF32): usize {
  return 0;
}

export function exec_sgd_f32(op: SgdF32): void {
  const p = op.p, g = op.g, buffer = op.buffer;
  const rate = v128.load32_splat(op.rate.address), hyper = op.hyper.address;
  const momentum = v128.load32_splat(hyper + 0);
  const decay = v128.load32_splat(hyper + 4);
  const nesterov = op.nesterov == 1;
  const n = p.columns, buffered = buffer.address != 0;
  let to = p.address, from = g.address, at_buffer = buffer.address;
  for (let r = p.rows; r > 0; r--, to += p.stride, from += g.stride, at_buffer += buffer.stride) {
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2, left = n - i;
      const old = v128.load(to + at);
      let step = f32x4.add(v128.load(from + at), f32x4.mul(decay, old));
      if (buffered) {
        const sum = f32x4.add(f32x4.mul(momentum, v128.load(at_buffer + at)), step);
        store_words(at_buffer + at, sum, left);
        step = nesterov ? f32x4.add(step, f32x4.mul(momentum, sum)) : sum;
      }
      store_words(to + at, f32x4.sub(old, f32x4.mul(rate, step)), left);
    }
  }
}
