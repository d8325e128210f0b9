// y[b][Y·(width/patch) + X][(v·patch + u)·channels + c] = image[b] at row Y·patch + v, column X·patch + u, channel c.
//
// Element e of image b, in the order of the input, is column e mod W of row e div W of x[b].
import { ORDER_CHANNELS_FIRST } from "../generated/attributes";
import { Patches } from "../generated/ops/patches";

export function scratch_patches(_op: Patches): usize {
  return 0;
}

export function exec_patches(op: Patches): void {
  const x = op.x, y = op.y;
  const height = op.height, width = op.width, channels = op.channels, patch = op.patch;
  const first = op.order == ORDER_CHANNELS_FIRST;
  const size = x.elementBytes, w = x.columns, across = width / patch;
  const dense = x.stride == <usize> w * size;
  const run = patch * channels;
  let row = y.address;
  for (let b = 0; b < x.extent(0); b++) {
    const image = x.address + <usize> b * <usize> x.extent(1) * x.stride;
    for (let p = op.partStart, end = p + y.extent(1); p < end; p++, row += y.stride) {
      const Y = p / across, X = p % across;
      let to = row;
      for (let v = 0; v < patch; v++, to += <usize> run * size) {
        const line = (Y * patch + v) * width + X * patch;
        if (first) {
          for (let c = 0; c < channels; c++) {
            const start = c * height * width + line;
            if (dense) {
              spread(image + <usize> start * size, to + <usize> c * size, patch, channels, size);
            } else {
              for (let u = 0; u < patch; u++) {
                spread(
                  element(image, start + u, w, x.stride, size),
                  to + <usize> (u * channels + c) * size,
                  1,
                  1,
                  size,
                );
              }
            }
          }
        } else if (dense) {
          memory.copy(to, image + <usize> (line * channels) * size, <usize> run * size);
        } else {for (let i = 0; i < run; i++) {
            spread(
              element(image, line * channels + i, w, x.stride, size),
              to + <usize> i * size,
              1,
              1,
              size,
            );
          }}
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function element(image: usize, index: i32, w: i32, stride: usize, size: usize): usize {
  return image + <usize> (index / w) * stride + <usize> (index % w) * size;
}

/** `count` elements, contiguous at `from`, `apart` elements apart at `to`. */
function spread(from: usize, to: usize, count: i32, apart: i32, size: usize): void {
  const end = from + <usize> count * size, step = <usize> apart * size;
  if (size == 1) { for (; from < end; from++, to += step) store<u8>(to, load<u8>(from)); }
  else for (; from < end; from += 4, to += step) store<u32>(to, load<u32>(from));
}
