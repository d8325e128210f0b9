// A step of RMSprop: src/instructions/rmsprop_f32.ts.
import { RmspropF32 } from "../generated/ops/rmsprop_f32";
import { store_words } from "../kernels/tail";

export function scratch_rmsprop_f32(_op: RmspropF32): usize {
  return 0;
}

export function exec_rmsprop_f32(op: RmspropF32): void {
  const p = op.p, g = op.g, v = op.v, buffer = op.buffer;
  const rate = v128.load32_splat(op.rate.address), hyper = op.hyper.address;
  const alpha = v128.load32_splat(hyper + 0);
  const rest = v128.load32_splat(hyper + 4);
  const epsilon = v128.load32_splat(hyper + 8);
  const momentum = v128.load32_splat(hyper + 12);
  const decay = v128.load32_splat(hyper + 16);
  const n = p.columns, buffered = buffer.address != 0;
  let to = p.address, from = g.address, at_v = v.address, at_buffer = buffer.address;
  for (
    let r = p.rows;
    r > 0;
    r--, to += p.stride, from += g.stride, at_v += v.stride, at_buffer += buffer.stride
  ) {
    for (let i = 0; i < n; i += 4) {
      const at = <usize> i << 2, left = n - i;
      const old = v128.load(to + at);
      const gradient = f32x4.add(v128.load(from + at), f32x4.mul(decay, old));
      const square = f32x4.mul(f32x4.mul(rest, gradient), gradient);
      const variance = f32x4.add(f32x4.mul(alpha, v128.load(at_v + at)), square);
      store_words(at_v + at, variance, left);
      let step = f32x4.div(gradient, f32x4.add(f32x4.sqrt(variance), epsilon));
      if (buffered) {
        step = f32x4.add(f32x4.mul(momentum, v128.load(at_buffer + at)), step);
        store_words(at_buffer + at, step, left);
      }
      store_words(to + at, f32x4.sub(old, f32x4.mul(rate, step)), left);
    }
  }
}
