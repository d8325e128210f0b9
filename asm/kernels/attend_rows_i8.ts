// Attention of few queries: keys and values are read where they lie, row by row, and nothing of them is copied.
//
// Scores: four keys at a time, by the dot product where it takes whole bytes (the keys as its second operand, top bits flipped for `unsigned`:
// Σ q·(k + 128) − 128·Σ q), else by products of 16 bits. Values: two keys at a time, products of 16 bits.
import { Cached, finish, score_prefix, sum_lanes } from "./cached_i8";
import { dot } from "./dot";
import { DOT_SEVEN } from "./dot_forms";
import { column_factor } from "./gemm_dot";
import { mask_first } from "./pack";
import { ONES } from "./pack_dot";
import { exponentials, probabilities } from "./softmax_q15";

/** Bytes of scratch for `keys` keys, a multiple of 8, and heads of `depth` channels. */
export function attend_rows_scratch(keys: usize, depth: i32): usize {
  // a row of q in 16 bits, sums of values, scores, probabilities
  return (<usize> ((depth + 15) & ~15)) * 6 + keys * 6 + 64;
}

/** All heads of q of a kv head. */
export function attend_rows_i8(c: Cached, kv: i32): void {
  const depth16 = (c.depth + 15) & ~15;
  const q = c.temporary, sums = q + (<usize> depth16 << 1), scores = sums + (<usize> depth16 << 2);
  for (let token = 0; token < c.tokens; token++) {
    const seen = c.see(token), keys = (seen.end + 7) & ~7, p = scores + (<usize> keys << 2);
    for (let g = 0; g < c.group; g++) {
      const head = c.head(kv, g), at = <usize> (kv * c.depth);
      const from = c.q + <usize> token * c.q_stride + head;
      if (ASC_FEATURE_RELAXED_SIMD && c.form > DOT_SEVEN) {
        score_dot(c, from, q, at, keys, scores);
      } else score_i16(c, from, q, at, keys, scores);
      if (c.pinned) score_prefix(c, seen, token, kv, g, scores, 32);
      const r = i32x4.splat(<i32> exponentials(seen, scores, 32, c.rate(kv, g), c.table));
      const total = write_probabilities(scores, r, keys, p);
      sum_values(c, at, keys, p, sums);
      const taken = i32x4.splat(c.valueZero(kv) * total),
        m = i32x4.splat(c.multiplier(kv, g)),
        zero = i32x4.splat(c.zero);
      const to = c.y + <usize> token * c.y_stride + head;
      for (let d = 0; d < c.depth; d += 8) {
        finish(c.shift, sums + (<usize> d << 2), taken, m, zero, to + <usize> d, c.depth - d);
      }
    }
  }
}

/** Sums of four vectors, one a lane. */
// @ts-ignore: decorator
@inline
function sums4(a: v128, b: v128, c: v128, d: v128): v128 {
  const x = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7)),
    y = i32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7));
  return i32x4.add(v128.shuffle<i64>(x, y, 0, 2), v128.shuffle<i64>(x, y, 1, 3));
}

/** Scores of one query by 16-bit products; `row`: scratch for it. */
function score_i16(c: Cached, q: usize, row: usize, at: usize, keys: i32, to: usize): void {
  const depth = c.depth;
  for (let d = 0; d < depth; d += 8) {
    let v = v128.load8x8_s(q + <usize> d);
    if (depth - d < 8) v = v128.and(v, mask_first((depth - d) << 1));
    v128.store(row + (<usize> d << 1), v);
  }
  const end = row + (<usize> depth << 1);
  for (
    let rows = c.key_rows, last = rows + (<usize> keys << 2);
    rows < last;
    rows += 16, to += 16
  ) {
    let k0 = load<u32>(rows) + at,
      k1 = load<u32>(rows, 4) + at,
      k2 = load<u32>(rows, 8) + at,
      k3 = load<u32>(rows, 12) + at;
    let s0 = i32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (let a = row; a < end; a += 16, k0 += 8, k1 += 8, k2 += 8, k3 += 8) {
      const v = v128.load(a);
      s0 = i32x4.add(s0, i32x4.dot_i16x8_s(v, v128.load8x8_s(k0)));
      s1 = i32x4.add(s1, i32x4.dot_i16x8_s(v, v128.load8x8_s(k1)));
      s2 = i32x4.add(s2, i32x4.dot_i16x8_s(v, v128.load8x8_s(k2)));
      s3 = i32x4.add(s3, i32x4.dot_i16x8_s(v, v128.load8x8_s(k3)));
    }
    v128.store(to, sums4(s0, s1, s2, s3));
  }
}

/** Scores of one query by the dot product. */
function score_dot(c: Cached, q: usize, row: usize, at: usize, keys: i32, to: usize): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    const depth = c.depth, factor = column_factor(c.form, false), flip = i8x16.splat(<i8> factor);
    let sum = i32x4.splat(0);
    for (let d = 0; d < depth; d += 16) {
      let v = v128.load(q + <usize> d);
      if (depth - d < 16) v = v128.and(v, mask_first(depth - d));
      v128.store(row + <usize> d, v);
      sum = dot(v, v128.load(ONES), sum);
    }
    sum = i32x4.mul(sum, i32x4.splat(factor));
    const end = row + <usize> depth;
    for (
      let rows = c.key_rows, last = rows + (<usize> keys << 2);
      rows < last;
      rows += 16, to += 16
    ) {
      let k0 = load<u32>(rows) + at,
        k1 = load<u32>(rows, 4) + at,
        k2 = load<u32>(rows, 8) + at,
        k3 = load<u32>(rows, 12) + at;
      let s0 = sum, s1 = sum, s2 = sum, s3 = sum;
      for (let a = row; a < end; a += 16, k0 += 16, k1 += 16, k2 += 16, k3 += 16) {
        const v = v128.load(a);
        s0 = dot(v, v128.xor(v128.load(k0), flip), s0);
        s1 = dot(v, v128.xor(v128.load(k1), flip), s1);
        s2 = dot(v, v128.xor(v128.load(k2), flip), s2);
        s3 = dot(v, v128.xor(v128.load(k3), flip), s3);
      }
      v128.store(to, sums4(s0, s1, s2, s3));
    }
  }
}

/** Exponentials → probabilities, i16; gives their sum. */
function write_probabilities(e: usize, r: v128, keys: i32, p: usize): i32 {
  let sum = i32x4.splat(0);
  for (const end = e + (<usize> keys << 2); e < end; e += 32, p += 16) {
    const v = probabilities(e, r);
    v128.store(p, v);
    sum = i32x4.add(sum, i32x4.extadd_pairwise_i16x8_s(v));
  }
  return sum_lanes(sum);
}

/** Σ p·v of the channels of a head, 16 at a time → i32. */
function sum_values(c: Cached, at: usize, keys: i32, p: usize, to: usize): void {
  for (let d: usize = 0; d < <usize> c.depth; d += 16, to += 64) {
    let s0 = i32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, q = p;
    const from = at + d;
    for (
      let rows = c.value_rows, last = rows + (<usize> keys << 2);
      rows < last;
      rows += 8, q += 4
    ) {
      const a = v128.load(load<u32>(rows) + from),
        b = v128.load(load<u32>(rows, 4) + from),
        t = v128.load32_splat(q);
      const u = v128.shuffle<i8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23),
        v = v128.shuffle<i8>(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
      s0 = i32x4.add(s0, i32x4.dot_i16x8_s(t, i16x8.extend_low_i8x16_s(u)));
      s1 = i32x4.add(s1, i32x4.dot_i16x8_s(t, i16x8.extend_high_i8x16_s(u)));
      s2 = i32x4.add(s2, i32x4.dot_i16x8_s(t, i16x8.extend_low_i8x16_s(v)));
      s3 = i32x4.add(s3, i32x4.dot_i16x8_s(t, i16x8.extend_high_i8x16_s(v)));
    }
    v128.store(to, s0);
    v128.store(to, s1, 16);
    v128.store(to, s2, 32);
    v128.store(to, s3, 48);
  }
}
