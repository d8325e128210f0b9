// Depthwise convolutions: each channel has taps of its own, so that four channels go side by side. Weights are [C][taps]; they are turned
// into [taps][C] first. The orders are those of conv_f32, conv_transpose_f32 and conv_weight_gradient_f32 with one channel a group.
import { Operand } from "../generated/operand";
import { K_BLOCK } from "./matmul_f32";
import { Taps } from "./pictures_f32";
import { store_words } from "./tail";

/** Bytes of scratch: the weights, turned. */
export function depthwise_scratch(channels: i32, taps: i32): usize {
  return <usize> (channels + 3 & ~3) * <usize> taps * 4 + 64;
}

/** Bytes of scratch of the gradient: sums of a block, and of all. */
export function depthwise_gradient_scratch(channels: i32, taps: i32): usize {
  return 2 * depthwise_scratch(channels, taps);
}

/** [C][taps] to [taps][columns], columns a multiple of four. */
function turn(from: usize, stride: usize, channels: i32, taps: i32, columns: i32, to: usize): void {
  for (let c = 0; c < channels; c++) {
    for (let t = 0; t < taps; t++, from += stride) {
      store<u32>(to + (<usize> (t * columns + c) << 2), load<u32>(from));
    }
  }
}

export function depthwise_f32(
  taps: Taps,
  x: Operand,
  weight: Operand,
  bias: usize,
  y: Operand,
  scratch: usize,
): void {
  const channels = x.columns, columns = channels + 3 & ~3, turned = scratch + 15 & ~15;
  const height = weight.extent1, width = weight.extent2, row = <usize> columns << 2;
  turn(weight.address, weight.stride, channels, height * width, columns, turned);
  let to = y.address;
  for (let b = 0; b < y.extent0; b++) {
    for (let i = 0; i < y.extent1; i++) {
      for (let j = 0; j < y.extent2; j++, to += y.stride) {
        for (let c = 0; c < channels; c += 4) {
          const at = <usize> c << 2;
          let sum = f32x4.splat(0), w = turned + at;
          for (let p = 0; p < height; p++) {
            const h = taps.row(i, p);
            for (let q = 0; q < width; q++, w += row) {
              const from = taps.place(x, b, h, taps.column(j, q));
              const value = from ? v128.load(from + at) : f32x4.splat(0);
              sum = f32x4.add(sum, f32x4.mul(value, v128.load(w)));
            }
          }
          if (bias) sum = f32x4.add(sum, v128.load(bias + at));
          store_words(to + at, sum, channels - c);
        }
      }
    }
  }
}

/** y is zero before. */
export function depthwise_transpose_f32(
  taps: Taps,
  x: Operand,
  weight: Operand,
  y: Operand,
  scratch: usize,
): void {
  const channels = y.columns, columns = channels + 3 & ~3, turned = scratch + 15 & ~15;
  const height = weight.extent1, width = weight.extent2, zero = f32x4.splat(0);
  turn(weight.address, weight.stride, channels, height * width, columns, turned);
  for (let b = 0; b < x.extent0; b++) {
    let w = turned;
    for (let p = 0; p < height; p++) {
      for (let q = 0; q < width; q++, w += <usize> columns << 2) {
        let from = x.address + <usize> (b * x.extent1 * x.extent2) * x.stride;
        for (let i = 0; i < x.extent1; i++) {
          const h = taps.row(i, p);
          for (let j = 0; j < x.extent2; j++, from += x.stride) {
            const to = taps.place(y, b, h, taps.column(j, q));
            if (!to) continue;
            for (let c = 0; c < channels; c += 4) {
              const at = <usize> c << 2;
              // A sum of one product, which begins at +0.
              const tap = f32x4.add(zero, f32x4.mul(v128.load(from + at), v128.load(w + at)));
              store_words(to + at, f32x4.add(v128.load(to + at), tap), channels - c);
            }
          }
        }
      }
    }
  }
}

export function depthwise_weight_gradient_f32(
  taps: Taps,
  x: Operand,
  dy: Operand,
  dw: Operand,
  scratch: usize,
): void {
  const channels = x.columns, columns = channels + 3 & ~3, sums = scratch + 15 & ~15;
  const height = dw.extent1, width = dw.extent2, row = <usize> columns << 2;
  const bytes = row * <usize> (height * width), totals = sums + bytes;
  memory.fill(totals, 0, bytes);
  let from = dy.address, isFirst = true;
  const columns_of = dy.extent2, places = dy.extent1 * columns_of;
  for (let b = 0; b < dy.extent0; b++) {
    for (let first = 0; first < places; first += K_BLOCK) {
      memory.fill(sums, 0, bytes);
      for (let place = first; place < min(first + K_BLOCK, places); place++, from += dy.stride) {
        const i = place / columns_of, j = place % columns_of;
        let sum = sums;
        for (let p = 0; p < height; p++) {
          const h = taps.row(i, p);
          for (let q = 0; q < width; q++, sum += row) {
            const at_x = taps.place(x, b, h, taps.column(j, q));
            for (let at: usize = 0; at < row; at += 16) {
              const value = at_x ? v128.load(at_x + at) : f32x4.splat(0);
              const product = f32x4.mul(v128.load(from + at), value);
              v128.store(sum + at, f32x4.add(v128.load(sum + at), product));
            }
          }
        }
      }
      for (let at: usize = 0; at < bytes; at += 16) {
        const sum = v128.load(sums + at);
        v128.store(totals + at, isFirst ? sum : f32x4.add(v128.load(totals + at), sum));
      }
      isFirst = false;
    }
  }
  let to = dw.address;
  for (let c = 0; c < channels; c++) {
    for (let t = 0; t < height * width; t++, to += dw.stride) {
      store<u32>(to, load<u32>(totals + (<usize> (t * columns + c) << 2)));
    }
  }
}
