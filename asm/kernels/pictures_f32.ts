// Where taps of convolutions and windows of pools lie in pictures [B][H][W][C] float32.
import { Operand } from "../generated/operand";

/** What an instruction says of its taps: the attributes from the first one on, as in src/instructions/convolution.ts. */
// @ts-ignore: decorator
@unmanaged
export class Taps {
  stride_h: i32;
  stride_w: i32;
  pad_top: i32;
  pad_left: i32;
  dilation_h: i32;
  dilation_w: i32;

  /** Row that tap p of output row i reads, below 0 or beyond where there is none. */
  // @ts-ignore: decorator
  @inline
  row(i: i32, p: i32): i32 {
    return i * this.stride_h + p * this.dilation_h - this.pad_top;
  }

  // @ts-ignore: decorator
  @inline
  column(j: i32, q: i32): i32 {
    return j * this.stride_w + q * this.dilation_w - this.pad_left;
  }

  /** Address of the channels of a place, or 0 where it is outside of the picture. */
  // @ts-ignore: decorator
  @inline
  place(picture: Operand, b: i32, h: i32, w: i32): usize {
    const height = picture.extent1, width = picture.extent2;
    if (<u32> h >= <u32> height || <u32> w >= <u32> width) return 0;
    return picture.address + <usize> ((b * height + h) * width + w) * picture.stride;
  }
}

/** The taps among the attributes of an instruction. */
// @ts-ignore: decorator
@inline
export function taps_at(attributes: usize): Taps {
  return changetype<Taps>(attributes);
}

/**
 * Rows of im2row: of `count` outputs from place `first` (of rows·columns places of picture b) on, the channels of each tap next to one
 * another, zeros where a tap lies outside. `first_channel` and `depth` are those of a group.
 */
export function im2row_f32(
  taps: Taps,
  x: Operand,
  b: i32,
  columns: i32,
  first: i32,
  count: i32,
  height: i32,
  width: i32,
  first_channel: i32,
  depth: i32,
  to: usize,
): void {
  const bytes = <usize> depth << 2, skip = <usize> first_channel << 2;
  for (let place = first; place < first + count; place++) {
    const i = place / columns, j = place % columns;
    for (let p = 0; p < height; p++) {
      const h = taps.row(i, p);
      for (let q = 0; q < width; q++, to += bytes) {
        const from = taps.place(x, b, h, taps.column(j, q));
        if (!from) memory.fill(to, 0, bytes);
        else if (bytes & 15) copy_words(to, from + skip, depth);
        else {
          for (let at: usize = 0; at < bytes; at += 16) {
            v128.store(to + at, v128.load(from + skip + at));
          }
        }
      }
    }
  }
}

/** Few words: a call of memory.copy would take longer. */
// @ts-ignore: decorator
@inline
function copy_words(to: usize, from: usize, count: i32): void {
  for (let at: usize = 0; at < <usize> count << 2; at += 4) {
    store<u32>(to + at, load<u32>(from + at));
  }
}
