// Windows of pictures [B][H][W][C] float32, four channels at a time.
import { Operand } from "../generated/operand";

/** What an instruction says of its windows: the attributes from the first one on, as in src/instructions/pooling.ts. */
// @ts-ignore: decorator
@unmanaged
export class Window {
  kernel_h: i32;
  kernel_w: i32;
  stride_h: i32;
  stride_w: i32;
  pad_top: i32;
  pad_left: i32;
}

/** The window among the attributes of an instruction. */
// @ts-ignore: decorator
@inline
export function window_at(attributes: usize): Window {
  return changetype<Window>(attributes);
}

/** The row of a place in a picture, or −1 where there is none. */
// @ts-ignore: decorator
@inline
export function row_of(picture: Operand, b: i32, h: i32, w: i32): i32 {
  const height = picture.extent1, width = picture.extent2;
  if (<u32> h >= <u32> height || <u32> w >= <u32> width) return -1;
  return (b * height + h) * width + w;
}

const LOWEST: usize = memory.data<u32>([0xff800000], 16);

/** The largest of four channels in a window, or the rows where they are; −∞ and −1 where it has no place. */
export function largest_f32(
  window: Window,
  x: Operand,
  b: i32,
  i: i32,
  j: i32,
  c: i32,
  dilation_h: i32,
  dilation_w: i32,
  rows: bool,
): v128 {
  let best = v128.load32_splat(LOWEST), at = i32x4.splat(-1);
  const skip = <usize> c << 2;
  for (let p = 0; p < window.kernel_h; p++) {
    const h = i * window.stride_h + p * dilation_h - window.pad_top;
    for (let q = 0; q < window.kernel_w; q++) {
      const row = row_of(x, b, h, j * window.stride_w + q * dilation_w - window.pad_left);
      if (row < 0) continue;
      const v = v128.load(x.address + <usize> row * x.stride + skip);
      // The first one is taken whatever it is, then larger ones.
      const larger = v128.or(f32x4.lt(best, v), i32x4.lt_s(at, i32x4.splat(0)));
      best = v128.bitselect(v, best, larger);
      at = v128.bitselect(i32x4.splat(row), at, larger);
    }
  }
  return rows ? at : best;
}

/** What stands for a place where there is none, and for one that a byte does not hold. */
export const NO_PLACE: u32 = 255;

/** Which place of a window a row of a picture is; `NO_PLACE` for row −1. */
export function place_of(
  window: Window,
  picture: Operand,
  row: i32,
  i: i32,
  j: i32,
  dilation_h: i32,
  dilation_w: i32,
): u32 {
  if (row < 0) return NO_PLACE;
  const width = picture.extent2, h = row / width % picture.extent1, w = row % width;
  const p = (h - i * window.stride_h + window.pad_top) / dilation_h;
  const q = (w - j * window.stride_w + window.pad_left) / dilation_w;
  return p * window.kernel_w + q;
}
