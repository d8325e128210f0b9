// Convolutions as products without im2row in memory: a table says where each tap of each place reads, and panels are packed from there.
import { Operand } from "../generated/operand";
import { copy_tile, finish } from "./gemm_f32";
import { mk_train_4x8, RAW, ROWS, TRAIN_STEP_SHIFT, ZERO } from "./microkernels_f32";
import { store_steps, store_steps_twice } from "./pack";
import { Taps } from "./pictures_f32";

/** Places whose panels are packed at once, and steps of k of one tile. */
const PLACES: i32 = 64, K_STEPS: i32 = 384;

/** What stands for a place outside of the picture. */
const OUTSIDE: u32 = 0xffffffff;

/** Bytes of the table: places in fours, then taps, four bytes each. */
export function table_bytes(places: i32, taps: i32): usize {
  return <usize> (places + 3 & ~3) * <usize> taps * 4 + 64;
}

/** Writes where taps read, in bytes from the first element of a picture; the last place as often as a four is filled. */
export function write_table(
  taps: Taps,
  x: Operand,
  rows: i32,
  columns: i32,
  height: i32,
  width: i32,
  to: usize,
): void {
  const places = rows * columns, line = <usize> (height * width) << 2;
  const step = <u32> taps.stride_w * <u32> x.stride;
  for (let i = 0; i < rows; i++) {
    let tap = to;
    for (let p = 0; p < height; p++) {
      const h = taps.row(i, p), inside = <u32> h < <u32> x.extent1;
      for (let q = 0; q < width; q++, tap += 4) {
        // Where it reads moves on evenly: whether that is inside is asked of the column alone.
        let w = taps.column(0, q), from = <u32> (h * x.extent2 + w) * <u32> x.stride, at = tap;
        for (let j = columns; j > 0; j--, at += line, w += taps.stride_w, from += step) {
          store<u32>(at, inside && <u32> w < <u32> x.extent2 ? from : OUTSIDE);
        }
      }
    }
    to += <usize> columns * line;
  }
  for (let place = places; place < (places + 3 & ~3); place++, to += line) {
    memory.copy(to, to - line, line);
  }
}

// @ts-ignore: decorator
@inline
function place_of(table: usize, picture: usize, zeros: usize): usize {
  const offset = load<u32>(table);
  return offset == OUTSIDE ? zeros : picture + offset;
}

/** A panels of `rows` places from the table's first on; `zeros` are depth + 3 of them. */
function pack_places(
  table: usize,
  rows: i32,
  taps: i32,
  picture: usize,
  zeros: usize,
  depth: i32,
  to: usize,
): void {
  const line = <usize> taps << 2;
  for (let i = 0; i < rows; i += 4, table += 3 * line) {
    for (let t = taps; t > 0; t--, table += 4) {
      let p0 = place_of(table, picture, zeros), p1 = place_of(table + line, picture, zeros);
      let p2 = place_of(table + 2 * line, picture, zeros);
      let p3 = place_of(table + 3 * line, picture, zeros);
      for (let left = depth; left > 0; left -= 4, p0 += 16, p1 += 16, p2 += 16, p3 += 16) {
        const steps = min(left, 4);
        const r0 = v128.load(p0), r1 = v128.load(p1), r2 = v128.load(p2), r3 = v128.load(p3);
        if (ASC_FEATURE_RELAXED_SIMD) store_steps(to, 16, r0, r1, r2, r3, steps);
        else store_steps_twice(to, r0, r1, r2, r3, steps);
        to += <usize> steps << TRAIN_STEP_SHIFT;
      }
    }
  }
}

/** Bytes of scratch of `conv_picture_f32`. */
export function conv_scratch(k: i32, depth: i32): usize {
  return <usize> PLACES * <usize> k * 8 + <usize> (depth + 4) * 4 + 256;
}

/** One picture: y[places][n] = rows of taps · panels (+ bias). `picture` is the first channel of the group. */
export function conv_picture_f32(
  table: usize,
  places: i32,
  taps: i32,
  picture: usize,
  depth: i32,
  panels: usize,
  n: i32,
  y: usize,
  ldy: usize,
  bias: usize,
  scratch: usize,
): void {
  const k = taps * depth, edge = scratch + 63 & ~63, zeros = edge + 128;
  const a = zeros + (<usize> (depth + 4) << 2) + 15 & ~15, line = <usize> k << TRAIN_STEP_SHIFT;
  memory.fill(zeros, 0, <usize> (depth + 4) << 2);
  for (let first = 0; first < places; first += PLACES) {
    const rows = min(PLACES, places - first);
    pack_places(table + (<usize> first * <usize> taps << 2), rows, taps, picture, zeros, depth, a);
    for (let k0 = 0; k0 < k; k0 += K_STEPS) {
      const steps = min(K_STEPS, k - k0), ends = k0 + steps == k;
      for (let j = 0; j < n; j += 8) {
        const panel = panels + ((<usize> (j >> 3) * <usize> k + <usize> k0) << 5);
        const columns = min(8, n - j), biases = bias && ends ? bias + (<usize> j << 2) : 0;
        let tile = a + (<usize> k0 << TRAIN_STEP_SHIFT),
          c = y + <usize> first * ldy + (<usize> j << 2);
        for (let i = 0; i < rows; i += 4, tile += line, c += ldy << 2) {
          const count = min(4, rows - i), whole = columns == 8 && count == 4;
          const to = whole ? c : edge, ld = whole ? ldy : 32;
          if (!whole && k0) copy_tile(edge, 32, c, ldy, count, columns);
          const start = k0 == 0 ? ZERO : whole ? RAW : ROWS;
          mk_train_4x8(tile, panel, to, ld, steps, start, whole && !ends);
          if (biases) finish(to, ld, count, biases, 0, 0);
          if (!whole) copy_tile(c, ldy, edge, 32, count, columns);
        }
      }
    }
  }
}

/** B panels of `count` places: 8 channels of a tap are a panel, so that `depth` has to be a multiple of 8. */
export function pack_tap_panels(
  table: usize,
  count: i32,
  taps: i32,
  picture: usize,
  zeros: usize,
  depth: i32,
  to: usize,
): void {
  const line = <usize> taps << 2, size = <usize> count << 5, width = <usize> depth << 2;
  for (let t = 0; t < taps; t++, table += 4, to += size * <usize> (depth >> 3)) {
    let at = table, row = to;
    for (let i = count; i > 0; i--, at += line, row += 32) {
      const from = place_of(at, picture, zeros);
      let panel = row;
      for (let d: usize = 0; d < width; d += 32, panel += size) {
        v128.store(panel, v128.load(from + d));
        v128.store(panel, v128.load(from + d, 16), 16);
      }
    }
  }
}
