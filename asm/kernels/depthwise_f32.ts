// Depthwise convolutions: each channel has taps of its own, so that four channels go side by side. Weights are [C][taps]; they are turned
// into [taps][C] first. The orders are those of conv_f32, conv_transpose_f32 and conv_weight_gradient_f32 with one channel a group.
import { Operand } from "../generated/operand";
import {
  depthwise_products_f32,
  depthwise_row_f32,
  taps_bytes,
  write_taps,
} from "./depthwise_rows_f32";
import { K_BLOCK } from "./matmul_f32";
import { has_room, pad_picture, padded_bytes, padded_extent } from "./padded_picture";
import { Taps } from "./pictures_f32";
import { store_words } from "./tail";

/** Bytes of a row of channels for each tap. */
function turned_bytes(channels: i32, taps: i32): usize {
  return <usize> (channels + 3 & ~3) * <usize> taps * 4 + 64;
}

/** Rows of the picture that the taps of all outputs y read. */
// @ts-ignore: decorator
@inline
function rows_read(taps: Taps, y: Operand, weight: Operand): f64 {
  return padded_extent(y.extent1, taps.stride_h, weight.extent1, taps.dilation_h);
}

// @ts-ignore: decorator
@inline
function columns_read(taps: Taps, y: Operand, weight: Operand): f64 {
  return padded_extent(y.extent2, taps.stride_w, weight.extent2, taps.dilation_w);
}

/** Bytes of scratch: the weights, turned, and a padded picture. At most: extents may be smaller when it runs. */
export function depthwise_scratch(taps: Taps, group: i32, weight: Operand, y: Operand): usize {
  if (group == 1) return 0;
  return turned_bytes(group, weight.extent1 * weight.extent2) +
    padded_bytes(rows_read(taps, y, weight), columns_read(taps, y, weight), group);
}

/** Bytes of scratch of the adjoint, whose y is the picture that is read in the other direction. */
export function depthwise_transpose_scratch(
  taps: Taps,
  group: i32,
  weight: Operand,
  y: Operand,
): usize {
  if (group == 1) return 0;
  return turned_bytes(group, weight.extent1 * weight.extent2) + padded_bytes(
    padded_extent(y.extent1, 1, weight.extent1, taps.dilation_h),
    padded_extent(y.extent2, 1, weight.extent2, taps.dilation_w),
    group,
  );
}

/** Bytes of scratch of the gradient: sums of a block, and of all; a table of taps, and a padded picture. */
export function depthwise_gradient_scratch(
  taps: Taps,
  group: i32,
  dw: Operand,
  dy: Operand,
): usize {
  if (group == 1) return 0;
  const count = dw.extent1 * dw.extent2;
  return turned_bytes(group, count) + taps_bytes(count) + depthwise_scratch(taps, group, dw, dy);
}

/** [C][taps] to [taps][columns], columns a multiple of four. */
function turn(from: usize, stride: usize, channels: i32, taps: i32, columns: i32, to: usize): void {
  memory.fill(to, 0, <usize> (taps * columns) << 2);
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
  const read = rows_read(taps, y, weight), across = columns_read(taps, y, weight);
  if (has_room(read, across, channels)) {
    const padded = turned + row * <usize> (height * width), line = row * <usize> across;
    const step = row * <usize> taps.stride_w, right = row * <usize> taps.dilation_w;
    const down = line * <usize> taps.dilation_h;
    for (let b = 0; b < y.extent0; b++) {
      pad_picture(x, b, taps.pad_top, taps.pad_left, <i32> read, <i32> across, padded);
      let from = padded;
      for (let i = 0; i < y.extent1; i++, from += line * <usize> taps.stride_h) {
        depthwise_row_f32(
          from,
          step,
          down,
          right,
          height,
          width,
          turned,
          channels,
          bias,
          to,
          y.stride,
          y.extent2,
        );
        to += <usize> y.extent2 * y.stride;
      }
    }
    return;
  }
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

/** Whether all words are finite float32: then a product with zero is a zero. */
function are_finite(from: usize, count: i32): bool {
  for (; count > 0; count--, from += 4) {
    if ((load<u32>(from) & 0x7f800000) == 0x7f800000) return false;
  }
  return true;
}

/**
 * The adjoint where outputs lie next to one another. Taps outside of x are left out; as no sum is −0, adding a zero for them is the
 * same, and x can be a padded picture that the taps read in the opposite direction.
 */
function depthwise_gather_f32(
  taps: Taps,
  x: Operand,
  weight: Operand,
  y: Operand,
  rows: i32,
  across: i32,
  turned: usize,
): void {
  const channels = y.columns, height = weight.extent1, width = weight.extent2;
  const row = <usize> (channels + 3 & ~3) << 2, line = row * <usize> across;
  const padded = turned + row * <usize> (height * width);
  const last_row = (height - 1) * taps.dilation_h, last_column = (width - 1) * taps.dilation_w;
  const right: usize = 0 - row * <usize> taps.dilation_w;
  const down: usize = 0 - line * <usize> taps.dilation_h;
  let to = y.address;
  for (let b = 0; b < y.extent0; b++) {
    pad_picture(x, b, last_row - taps.pad_top, last_column - taps.pad_left, rows, across, padded);
    let from = padded + <usize> last_row * line + <usize> last_column * row;
    for (let i = 0; i < y.extent1; i++, from += line) {
      depthwise_row_f32(
        from,
        row,
        down,
        right,
        height,
        width,
        turned,
        channels,
        0,
        to,
        y.stride,
        y.extent2,
      );
      to += <usize> y.extent2 * y.stride;
    }
  }
}

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
  const rows = padded_extent(y.extent1, 1, height, taps.dilation_h);
  const across = padded_extent(y.extent2, 1, width, taps.dilation_w);
  if (
    taps.stride_h == 1 && taps.stride_w == 1 && has_room(rows, across, channels) &&
    are_finite(turned, height * width * columns)
  ) {
    depthwise_gather_f32(taps, x, weight, y, <i32> rows, <i32> across, turned);
    return;
  }
  fill_rows(y);
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

/** Sets a picture to zero. */
export function fill_rows(y: Operand): void {
  const bytes = <usize> y.columns << 2;
  for (let r = y.rows, at = y.address; r > 0; r--, at += y.stride) memory.fill(at, 0, bytes);
}

/** @param goesOn Whether dw has the sums of the pictures before. */
export function depthwise_weight_gradient_f32(
  taps: Taps,
  x: Operand,
  dy: Operand,
  dw: Operand,
  scratch: usize,
  goesOn: bool,
): void {
  const channels = x.columns, columns = channels + 3 & ~3, sums = scratch + 15 & ~15;
  const height = dw.extent1, width = dw.extent2, row = <usize> columns << 2;
  const bytes = row * <usize> (height * width), totals = sums + bytes;
  memory.fill(totals, 0, bytes);
  if (goesOn) move_totals(dw, totals, columns, true);
  let from = dy.address, isFirst = !goesOn;
  const columns_of = dy.extent2, places = dy.extent1 * columns_of;
  const read = rows_read(taps, dy, dw), across = columns_read(taps, dy, dw);
  const is_padded = has_room(read, across, channels);
  const table = totals + bytes, padded = table + taps_bytes(height * width) + 15 & ~15;
  const line = row * <usize> across, step = row * <usize> taps.stride_w;
  const down = line * <usize> taps.dilation_h, right = row * <usize> taps.dilation_w;
  if (is_padded) write_taps(height, width, down, right, row, table);
  for (let b = 0; b < dy.extent0; b++) {
    if (is_padded) {
      pad_picture(x, b, taps.pad_top, taps.pad_left, <i32> read, <i32> across, padded);
    }
    for (let first = 0; first < places; first += K_BLOCK) {
      memory.fill(sums, 0, bytes);
      const end = min(first + K_BLOCK, places);
      let place = first;
      while (is_padded && place < end) {
        const i = place / columns_of,
          j = place % columns_of,
          count = min(columns_of - j, end - place);
        const at = padded + <usize> (i * taps.stride_h) * line + <usize> j * step;
        depthwise_products_f32(
          at,
          step,
          from,
          dy.stride,
          count,
          table,
          height * width,
          row,
          sums,
        );
        place += count, from += <usize> count * dy.stride;
      }
      for (; place < end; place++, from += dy.stride) {
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
  move_totals(dw, totals, columns, false);
}

/** Between dw, channels first, and the totals, taps first with so many columns each. */
function move_totals(dw: Operand, totals: usize, columns: i32, isRead: bool): void {
  const taps = dw.extent1 * dw.extent2;
  let to = dw.address;
  for (let c = 0; c < dw.extent0; c++) {
    for (let t = 0; t < taps; t++, to += dw.stride) {
      const at = totals + (<usize> (t * columns + c) << 2);
      if (isRead) store<u32>(at, load<u32>(to));
      else store<u32>(to, load<u32>(at));
    }
  }
}
