// A picture [H][W][C] float32 with what lies around it, as zeros: where taps read, no test has to be made. Channels are whole vectors.
import { Operand } from "../generated/operand";

/** Most bytes of a padded picture: large dilations of small pictures read few of its elements. */
const MOST_BYTES: f64 = 8388608;

/** Extents of a padded picture: rows and columns from the first that a tap reads to the last. */
// @ts-ignore: decorator
@inline
export function padded_extent(outputs: i32, stride: i32, taps: i32, dilation: i32): f64 {
  return <f64> (outputs - 1) * <f64> stride + <f64> (taps - 1) * <f64> dilation + 1;
}

// @ts-ignore: decorator
@inline
function bytes_of(rows: f64, columns: f64, channels: i32): f64 {
  return rows * columns * <f64> (channels + 3 & ~3) * 4;
}

/** Whether there is room for a padded picture. */
// @ts-ignore: decorator
@inline
export function has_room(rows: f64, columns: f64, channels: i32): bool {
  return bytes_of(rows, columns, channels) <= MOST_BYTES;
}

/** Bytes of scratch for it, which smaller extents do not exceed. */
export function padded_bytes(rows: f64, columns: f64, channels: i32): usize {
  return <usize> min(bytes_of(rows, columns, channels), MOST_BYTES) + 64;
}

/** Copies picture b so that its first place lies at row `top` and column `left`, either of which may be negative. */
export function pad_picture(
  x: Operand,
  b: i32,
  top: i32,
  left: i32,
  rows: i32,
  columns: i32,
  to: usize,
): void {
  const height = x.extent1, width = x.extent2, bytes = <usize> (x.columns + 3 & ~3) << 2;
  const first = min(max(left, 0), columns), end = max(min(left + width, columns), first);
  for (let r = 0; r < rows; r++) {
    const h = r - top;
    if (<u32> h >= <u32> height) {
      memory.fill(to, 0, <usize> columns * bytes);
      to += <usize> columns * bytes;
      continue;
    }
    memory.fill(to, 0, <usize> first * bytes);
    to += <usize> first * bytes;
    let from = x.address + <usize> ((b * height + h) * width + (first - left)) * x.stride;
    for (let c = first; c < end; c++, from += x.stride) {
      for (let at: usize = 0; at < bytes; at += 16) v128.store(to + at, v128.load(from + at));
      to += bytes;
    }
    memory.fill(to, 0, <usize> (columns - end) * bytes);
    to += <usize> (columns - end) * bytes;
  }
}
