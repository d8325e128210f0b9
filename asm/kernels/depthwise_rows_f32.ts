// Sums over the taps of depthwise convolutions, of four channels at a time, from a padded picture.
import { store_words } from "./tail";

/** Outputs of a row, four next to one another at a time: five loads for four products. The last four may overlap those before. */
export function depthwise_row_f32(
  from: usize,
  across: usize,
  down: usize,
  right: usize,
  height: i32,
  width: i32,
  weights: usize,
  channels: i32,
  bias: usize,
  to: usize,
  ldy: usize,
  outputs: i32,
): void {
  const row = <usize> (channels + 3 & ~3) << 2, count = min(outputs, 4);
  // What is not there is read where something is.
  const to1 = count > 1 ? across : 0, to2 = count > 2 ? across : 0, to3 = count > 3 ? across : 0;
  for (let c = 0; c < channels; c += 4) {
    const at = <usize> c << 2, left = channels - c;
    for (let j = 0; j < outputs; j += 4) {
      const first = max(min(j, outputs - 4), 0);
      let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, w = weights + at;
      let line = from + <usize> first * across + at;
      for (let p = height; p > 0; p--, line += down) {
        let a0 = line, a1 = a0 + to1, a2 = a1 + to2, a3 = a2 + to3;
        for (let q = width; q > 0; q--, w += row) {
          const tap = v128.load(w);
          s0 = f32x4.add(s0, f32x4.mul(v128.load(a0), tap));
          s1 = f32x4.add(s1, f32x4.mul(v128.load(a1), tap));
          s2 = f32x4.add(s2, f32x4.mul(v128.load(a2), tap));
          s3 = f32x4.add(s3, f32x4.mul(v128.load(a3), tap));
          a0 += right, a1 += right, a2 += right, a3 += right;
        }
      }
      if (bias) {
        const b = v128.load(bias + at);
        s0 = f32x4.add(s0, b), s1 = f32x4.add(s1, b);
        s2 = f32x4.add(s2, b), s3 = f32x4.add(s3, b);
      }
      let y = to + <usize> first * ldy + at;
      store_words(y, s0, left);
      if (count > 1) store_words(y += ldy, s1, left);
      if (count > 2) store_words(y += ldy, s2, left);
      if (count > 3) store_words(y += ldy, s3, left);
    }
  }
}

/** Taps that one pass over places sums. */
const TAPS_AT_ONCE: i32 = 5;

/** Bytes of the table of taps. */
export function taps_bytes(taps: i32): usize {
  return <usize> (taps + TAPS_AT_ONCE) * 8;
}

/** Where each tap reads and has its sums; the last one as often as there are places for taps. */
export function write_taps(
  height: i32,
  width: i32,
  down: usize,
  right: usize,
  row: usize,
  to: usize,
): void {
  const taps = height * width;
  for (let t = 0; t < taps + TAPS_AT_ONCE; t++, to += 8) {
    const tap = min(t, taps - 1);
    store<usize>(to, <usize> (tap / width) * down + <usize> (tap % width) * right);
    store<usize>(to, <usize> tap * row, 4);
  }
}

/** Adds the products of dy and x of `places` next to one another to the sums, a row of channels for each tap. */
export function depthwise_products_f32(
  from: usize,
  across: usize,
  dy: usize,
  ldy: usize,
  places: i32,
  table: usize,
  taps: i32,
  row: usize,
  sums: usize,
): void {
  for (let t = 0; t < taps; t += TAPS_AT_ONCE, table += TAPS_AT_ONCE * 8) {
    const o0 = load<usize>(table), o1 = load<usize>(table, 8), o2 = load<usize>(table, 16);
    const o3 = load<usize>(table, 24), o4 = load<usize>(table, 32);
    const t0 = load<usize>(table, 4), t1 = load<usize>(table, 12), t2 = load<usize>(table, 20);
    const t3 = load<usize>(table, 28), t4 = load<usize>(table, 36);
    for (let at: usize = 0; at < row; at += 16) {
      const to = sums + at, x = from + at;
      let s0 = v128.load(to + t0), s1 = v128.load(to + t1), s2 = v128.load(to + t2);
      let s3 = v128.load(to + t3), s4 = v128.load(to + t4);
      let a0 = x + o0, a1 = x + o1, a2 = x + o2, a3 = x + o3, a4 = x + o4, g = dy + at;
      for (let left = places; left > 0; left--, g += ldy) {
        const v = v128.load(g);
        s0 = f32x4.add(s0, f32x4.mul(v, v128.load(a0)));
        s1 = f32x4.add(s1, f32x4.mul(v, v128.load(a1)));
        s2 = f32x4.add(s2, f32x4.mul(v, v128.load(a2)));
        s3 = f32x4.add(s3, f32x4.mul(v, v128.load(a3)));
        s4 = f32x4.add(s4, f32x4.mul(v, v128.load(a4)));
        a0 += across, a1 += across, a2 += across, a3 += across, a4 += across;
      }
      v128.store(to + t0, s0);
      v128.store(to + t1, s1);
      v128.store(to + t2, s2);
      v128.store(to + t3, s3);
      v128.store(to + t4, s4);
    }
  }
}
