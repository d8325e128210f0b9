// Attention of few queries: keys and values are read where they lie, row by row, and nothing of them is copied.
//
// Scores: four keys at a time, by the dot product where it takes whole bytes (the keys as its second operand, top bits flipped for `unsigned`:
// Σ q·(k + 128) − 128·Σ q), else by products of 16 bits. Values: two keys at a time, products of 16 bits; for `unsigned` four keys, turned so that
// those of a channel are neighbours, by dot products with p = 256·h + l as bytes.
import { HALF, scaled, table_factor } from "./attention_i8";
import { Cached, score_prefix, sum_lanes } from "./cached_i8";
import { dot } from "./dot";
import { DOT_SEVEN, DOT_UNSIGNED } from "./dot_forms";
import { requantize_shifted } from "./epilogue_shifted";
import { column_factor } from "./gemm_dot";
import { mask_first } from "./pack";
import { ONES } from "./pack_dot";
import { exponentials } from "./softmax_q15";

/** Bytes of scratch for `keys` keys, a multiple of 8, and heads of `depth` channels. */
export function attend_rows_scratch(keys: usize, depth: i32): usize {
  // a row of q in 16 bits, sums of values, scores, probabilities
  return (<usize> ((depth + 15) & ~15)) * 6 + keys * 6 + 64;
}

/** All heads of q of a kv head. */
export function attend_rows_i8(c: Cached, kv: i32): void {
  const depth = c.depth, depth16 = (depth + 15) & ~15, at = <usize> (kv * depth);
  const q = c.temporary, sums = q + (<usize> depth16 << 1), scores = sums + (<usize> depth16 << 2);
  const dots = ASC_FEATURE_RELAXED_SIMD && c.form > DOT_SEVEN;
  const digits = ASC_FEATURE_RELAXED_SIMD && c.form == DOT_UNSIGNED;
  for (let token = 0; token < c.tokens; token++) {
    const seen = c.see(token), end = seen.end, p = scores + (<usize> ((end + 7) & ~7) << 2);
    for (let g = 0; g < c.group; g++) {
      const head = c.head(kv, g), from = c.q + <usize> token * c.q_stride + head;
      let none = i32x4.splat(0);
      if (dots) none = prepare_dot(from, depth, column_factor(c.form, false), q);
      else prepare_i16(from, depth, q);
      for (let j = 0, run = 0; j < end; j += run) {
        run = min(c.run(j), end - j);
        const stride = j < c.fixed ? c.prefix_stride : c.key_stride;
        score(q, depth, c.key(j) + at, stride, run, none, c.form, scores + (<usize> j << 2));
      }
      if (c.pinned) score_prefix(c, token, kv, g, scores, 32);
      const sum = exponentials(seen, scores, 32, c.rate(kv, g), c.table);
      const taken = i32x4.splat(-c.value_zero(kv) * write_probabilities(scores, sum, p, digits));
      for (let s = sums, last = sums + (<usize> depth16 << 2); s < last; s += 16) {
        v128.store(s, taken);
      }
      for (let j = 0, run = 0; j < end; j += run) {
        run = min(c.run(j), end - j);
        const stride = j < c.fixed ? c.prefix_stride : c.value_stride;
        const value = c.value(j) + at;
        if (digits) add_values_dot(value, stride, run, p + <usize> j, p - scores >> 2, depth, sums);
        else add_values(value, stride, run, p + (<usize> j << 1), depth, sums);
      }
      c.take_multiplier(kv, g);
      requantize_shifted(c.context, sums, depth, c.y + <usize> token * c.y_stride + head);
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

/** A query in 16 bits, zero to a multiple of 16. */
function prepare_i16(q: usize, depth: i32, to: usize): void {
  for (let left = depth; left > 0; left -= 16, q += 16, to += 32) {
    let v = v128.load(q);
    if (left < 16) v = v128.and(v, mask_first(left));
    v128.store(to, i16x8.extend_low_i8x16_s(v));
    v128.store(to, i16x8.extend_high_i8x16_s(v), 16);
  }
}

/** A query, zero to a multiple of 16; gives factor·Σ q, spread over four lanes. */
function prepare_dot(q: usize, depth: i32, factor: i32, to: usize): v128 {
  let sum = i32x4.splat(0);
  for (let left = depth; left > 0; left -= 16, q += 16, to += 16) {
    let v = v128.load(q);
    if (left < 16) v = v128.and(v, mask_first(left));
    v128.store(to, v);
    sum = dot(v, v128.load(ONES), sum);
  }
  return i32x4.mul(sum, i32x4.splat(factor));
}

/** Scores of a query and keys that lie `stride` bytes apart; up to three more are written behind them. */
function score(
  q: usize,
  depth: i32,
  key: usize,
  stride: usize,
  keys: i32,
  none: v128,
  form: i32,
  to: usize,
): void {
  const dots = ASC_FEATURE_RELAXED_SIMD && form > DOT_SEVEN;
  const flip = i8x16.splat(dots ? <i8> column_factor(form, false) : 0);
  for (; keys > 0; keys -= 4, key += stride << 2, to += 16) {
    let k0 = key,
      k1 = keys > 1 ? k0 + stride : k0,
      k2 = keys > 2 ? k1 + stride : k1,
      k3 = keys > 3 ? k2 + stride : k2;
    let s0 = none, s1 = none, s2 = none, s3 = none;
    const end = k0 + <usize> depth;
    if (dots) {
      for (let a = q; k0 < end; a += 16, k0 += 16, k1 += 16, k2 += 16, k3 += 16) {
        const v = v128.load(a);
        s0 = dot(v, v128.xor(v128.load(k0), flip), s0);
        s1 = dot(v, v128.xor(v128.load(k1), flip), s1);
        s2 = dot(v, v128.xor(v128.load(k2), flip), s2);
        s3 = dot(v, v128.xor(v128.load(k3), flip), s3);
      }
    } else {
      for (let a = q; k0 < end; a += 32, k0 += 16, k1 += 16, k2 += 16, k3 += 16) {
        const low = v128.load(a), high = v128.load(a, 16);
        s0 = i32x4.add(s0, product16(low, high, v128.load(k0)));
        s1 = i32x4.add(s1, product16(low, high, v128.load(k1)));
        s2 = i32x4.add(s2, product16(low, high, v128.load(k2)));
        s3 = i32x4.add(s3, product16(low, high, v128.load(k3)));
      }
    }
    v128.store(to, sums4(s0, s1, s2, s3));
  }
}

/** Sums of four products of sixteen channels. */
// @ts-ignore: decorator
@inline
function product16(low: v128, high: v128, k: v128): v128 {
  return i32x4.add(
    i32x4.dot_i16x8_s(low, i16x8.extend_low_i8x16_s(k)),
    i32x4.dot_i16x8_s(high, i16x8.extend_high_i8x16_s(k)),
  );
}

/** Exponentials, which end where the probabilities begin → those, i16, or low bytes behind all high bytes; gives their sum. */
function write_probabilities(e: usize, total: u64, p: usize, digits: bool): i32 {
  const r = i32x4.splat(<i32> table_factor(e, total, p, 32)), half = v128.load(HALF);
  const apart = p - e >> 2, end = p;
  let sum = i32x4.splat(0);
  for (; e < end; e += 32) {
    const v = scaled(e, r, half);
    if (ASC_FEATURE_RELAXED_SIMD && digits) {
      const bytes = v128.shuffle<i8>(v, v, 1, 3, 5, 7, 9, 11, 13, 15, 0, 2, 4, 6, 8, 10, 12, 14);
      v128.store64_lane(p, bytes, 0);
      v128.store64_lane(p + apart, bytes, 1);
      p += 8;
    } else {
      v128.store(p, v);
      p += 16;
    }
    sum = i32x4.add(sum, i32x4.extadd_pairwise_i16x8_s(v));
  }
  return sum_lanes(sum);
}

/** Σ p·v of values that lie `stride` bytes apart is added to sums, 16 channels at a time. */
function add_values(
  value: usize,
  stride: usize,
  keys: i32,
  p: usize,
  depth: i32,
  sums: usize,
): void {
  for (; depth > 0; depth -= 16, value += 16, sums += 64) {
    let s0 = v128.load(sums), s1 = v128.load(sums, 16);
    let s2 = v128.load(sums, 32), s3 = v128.load(sums, 48);
    for (let left = keys, a = value, w = p; left > 0; left -= 2, a += stride << 1, w += 4) {
      const v0 = v128.load(a), single = left == 1, v1 = v128.load(single ? a : a + stride);
      const t = single ? i32x4.splat(load<u16>(w)) : v128.load32_splat(w);
      const u = v128.shuffle<i8>(v0, v1, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23),
        v = v128
          .shuffle<i8>(v0, v1, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
      s0 = i32x4.add(s0, i32x4.dot_i16x8_s(t, i16x8.extend_low_i8x16_s(u)));
      s1 = i32x4.add(s1, i32x4.dot_i16x8_s(t, i16x8.extend_high_i8x16_s(u)));
      s2 = i32x4.add(s2, i32x4.dot_i16x8_s(t, i16x8.extend_low_i8x16_s(v)));
      s3 = i32x4.add(s3, i32x4.dot_i16x8_s(t, i16x8.extend_high_i8x16_s(v)));
    }
    v128.store(sums, s0);
    v128.store(sums, s1, 16);
    v128.store(sums, s2, 32);
    v128.store(sums, s3, 48);
  }
}

/** Four bytes at an address, those of the first `keys`, four times. */
// @ts-ignore: decorator
@inline
function splat4(at: usize, keys: i32): v128 {
  return keys > 3 ? v128.load32_splat(at) : i32x4.splat(load<i32>(at) & ((1 << (keys << 3)) - 1));
}

/** The same by dot products: h at `p`, l `apart` bytes behind it. */
function add_values_dot(
  value: usize,
  stride: usize,
  keys: i32,
  p: usize,
  apart: usize,
  depth: i32,
  sums: usize,
): void {
  for (; depth > 0; depth -= 16, value += 16, sums += 64) {
    let l0 = v128.load(sums), l1 = v128.load(sums, 16);
    let l2 = v128.load(sums, 32), l3 = v128.load(sums, 48);
    let h0 = i32x4.splat(0), h1 = h0, h2 = h0, h3 = h0;
    for (let left = keys, a = value, w = p; left > 0; left -= 4, a += stride << 2, w += 4) {
      // What is not there is read as the first one and multiplied by 0.
      const v0 = v128.load(a),
        v1 = v128.load(left > 1 ? a + stride : a),
        v2 = v128.load(left > 2 ? a + (stride << 1) : a),
        v3 = v128.load(left > 3 ? a + stride * 3 : a);
      const high = splat4(w, left), low = splat4(w + apart, left);
      let x = v128.shuffle<i8>(v0, v1, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23),
        y = v128.shuffle<i8>(v2, v3, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      let k = v128.shuffle<i16>(x, y, 0, 8, 1, 9, 2, 10, 3, 11);
      h0 = dot(k, high, h0);
      l0 = dot(k, low, l0);
      k = v128.shuffle<i16>(x, y, 4, 12, 5, 13, 6, 14, 7, 15);
      h1 = dot(k, high, h1);
      l1 = dot(k, low, l1);
      x = v128.shuffle<i8>(v0, v1, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
      y = v128.shuffle<i8>(v2, v3, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
      k = v128.shuffle<i16>(x, y, 0, 8, 1, 9, 2, 10, 3, 11);
      h2 = dot(k, high, h2);
      l2 = dot(k, low, l2);
      k = v128.shuffle<i16>(x, y, 4, 12, 5, 13, 6, 14, 7, 15);
      h3 = dot(k, high, h3);
      l3 = dot(k, low, l3);
    }
    v128.store(sums, i32x4.add(i32x4.shl(h0, 8), l0));
    v128.store(sums, i32x4.add(i32x4.shl(h1, 8), l1), 16);
    v128.store(sums, i32x4.add(i32x4.shl(h2, 8), l2), 32);
    v128.store(sums, i32x4.add(i32x4.shl(h3, 8), l3), 48);
  }
}
