// Attention of many queries: keys and values of a kv head are packed once, then four rows at a time, each a query of one of its heads: scores,
// softmax, values, as in attend_i8.ts (there: the forms of the dot product). Values are packed without their zero point where they have 16 bits;
// where they are bytes value_zero·Σ p is taken off, p = 256·h + l.
import { store_probabilities } from "./attention_i8";
import { Cached, score_prefix } from "./cached_i8";
import { DOT_SEVEN, DOT_SIGNED, DOT_UNSIGNED } from "./dot_forms";
import { epilogue_shifted } from "./epilogue_shifted";
import { by_panels, column_factor, panel_sums } from "./gemm_dot";
import { mk_i16_4x8 } from "./microkernels";
import { pack_four_i8_i16, store_pair, transpose_four_i8_i16 } from "./pack";
import { pack_four, store_interleaved } from "./pack_dot";
import { exponentials } from "./softmax_q15";

/** Steps (pairs) of the i16 panels over n. */
// @ts-ignore: decorator
@inline
function steps_of(n: i32): i32 {
  return ((n + 3) >> 2) << 1;
}

// scratch: A panel of q, strip i32 and four sums, A panel of p, K panels, V panels, i32[4] of the rows, sums of keys and of values
/** Bytes of scratch for `keys` keys, a multiple of 8, and heads of `depth` channels. */
export function attend_blocks_scratch(keys: usize, depth: i32): usize {
  const panels = keys >> 3, depth_panels = <usize> ((depth + 7) >> 3);
  const steps = <usize> steps_of(depth);
  return steps * 32 + 128 * max(panels, depth_panels) + 32 + panels * 128 + panels * steps * 32 +
    depth_panels * panels * 128 + 32 + 32 * (panels + depth_panels) + 64;
}

/** All heads of q of a kv head. */
export function attend_blocks_i8(c: Cached, kv: i32): void {
  const depth = c.depth, form = c.form, at = <usize> (kv * depth), count = c.count;
  const panels = <usize> ((count + 7) >> 3), depth_panels = (depth + 7) >> 3;
  const steps = steps_of(depth), dot_steps = steps >> 1;
  const dots = ASC_FEATURE_RELAXED_SIMD && form > DOT_SEVEN;
  const a = c.temporary,
    strip = a + (<usize> steps << 5),
    p = strip + (max(panels, <usize> depth_panels) << 7) + 32,
    packed_k = p + (panels << 7),
    packed_v = packed_k + panels * (<usize> steps << 5),
    zeros = packed_v + (<usize> depth_panels * panels << 7),
    taken = zeros + 16,
    key_sums = taken + 16,
    value_sums = key_sums + (panels << 5);
  pack_keys(c, at, count, packed_k);
  pack_values(c, at, count, c.value_zero(kv), packed_v);
  if (dots) {
    v128.store(zeros, i32x4.splat(0));
    panel_sums(packed_k, <i32> panels, dot_steps, column_factor(form, false), key_sums);
    const factor = form == DOT_SIGNED ? 128 : 0;
    panel_sums(packed_v, depth_panels, <i32> panels << 1, factor, value_sums);
  }
  const rows = c.tokens * c.group;
  for (let i = 0; i < rows; i += 4) {
    const last = rows - 1, i1 = min(i + 1, last), i2 = min(i + 2, last), i3 = min(i + 3, last);
    const q0 = query(c, kv, i), q1 = query(c, kv, i1), q2 = query(c, kv, i2), q3 = query(c, kv, i3);
    // those that the last row sees; the low digits of `signed` have an offset for every key
    const used = dots && form == DOT_SIGNED ? <i32> panels : (c.see(i3 / c.group).end + 7) >> 3;
    if (dots) {
      pack_four(q0, q1, q2, q3, depth, a, 16, form == DOT_UNSIGNED ? 128 : 0);
      const k_sums = key_sums;
      by_panels(a, packed_k, dot_steps, strip, 128, 32, used, dot_steps, 0, zeros, k_sums);
    } else {
      pack_four_i8_i16(q0, q1, q2, q3, depth, a);
      by_panels_i16(a, packed_k, <usize> steps << 5, strip, used, steps);
    }
    const sums = strip + (<usize> used << 7);
    store<u64>(sums, weigh(c, kv, i, strip, used));
    store<u64>(sums, weigh(c, kv, i1, strip + 32, used), 8);
    store<u64>(sums, weigh(c, kv, i2, strip + 64, used), 16);
    store<u64>(sums, weigh(c, kv, i3, strip + 96, used), 24);
    store_probabilities(strip, sums, 0, p, form);
    if (dots) {
      const v_steps = used << 1;
      take_zero(p, v_steps, form, c.value_zero(kv), taken);
      const v_sums = value_sums, all = <i32> panels << 1;
      by_panels(p, packed_v, all, strip, 128, 32, depth_panels, v_steps, 8, taken, v_sums);
    } else by_panels_i16(p, packed_v, panels << 7, strip, depth_panels, used << 2);
    for (let r = i, s = strip; r < min(i + 4, rows); r++, s += 32) {
      const token = r / c.group, g = r - token * c.group;
      c.take_multiplier(kv, g);
      const to = c.y + <usize> token * c.y_stride + c.head(kv, g);
      epilogue_shifted(c.context, 0, depth_panels, s, 128, 1, depth, to, 0, 0);
    }
  }
}

/** Four rows by i16 panels `size` bytes apart, as `by_panels`. */
function by_panels_i16(
  a: usize,
  packed: usize,
  size: usize,
  strip: usize,
  panels: i32,
  steps: i32,
): void {
  for (; panels > 0; panels--, packed += size, strip += 128) {
    mk_i16_4x8(a, packed, strip, 32, steps, 0);
  }
}

/** −zero·Σ p of four rows → i32[4]; a step of p has four keys, high digits come first. */
function take_zero(p: usize, steps: i32, form: i32, zero: i32, to: usize): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    const size = <usize> steps << 4, flip = i8x16.splat(form == DOT_SIGNED ? -128 : 0);
    let high = i32x4.splat(0), low = high;
    for (const end = p + size; p < end; p += 16) {
      high = i32x4.add(high, sums_of_four(v128.load(p)));
      low = i32x4.add(low, sums_of_four(v128.xor(v128.load(p + size), flip)));
    }
    v128.store(to, i32x4.mul(i32x4.add(i32x4.shl(high, 8), low), i32x4.splat(-zero)));
  }
}

/** Σ of four u8. */
// @ts-ignore: decorator
@inline
function sums_of_four(v: v128): v128 {
  return i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(v));
}

/** Address of a row's query: row = token·group + head of the group. */
function query(c: Cached, kv: i32, row: i32): usize {
  const token = row / c.group;
  return c.q + <usize> token * c.q_stride + c.head(kv, row - token * c.group);
}

/** Scores of a row → exponentials, 0 behind what it sees; gives their sum. */
function weigh(c: Cached, kv: i32, row: i32, scores: usize, panels: i32): u64 {
  const token = row / c.group, g = row - token * c.group, seen = c.see(token);
  if (c.pinned) score_prefix(c, token, kv, g, scores, 128);
  const sum = exponentials(seen, scores, 128, c.rate(kv, g), c.table), zero = i32x4.splat(0);
  for (let j = (seen.end + 7) >> 3; j < panels; j++) {
    v128.store(scores + (<usize> j << 7), zero);
    v128.store(scores + (<usize> j << 7), zero, 16);
  }
  return sum;
}

/** Keys as the second operand of scores, to a multiple of 8: the last one again. */
function pack_keys(c: Cached, at: usize, keys: i32, to: usize): void {
  const depth = c.depth, dots = ASC_FEATURE_RELAXED_SIMD && c.form > DOT_SEVEN, last = keys - 1;
  const size = <usize> ((depth + 3) >> 2) << (dots ? 5 : 6);
  for (let j = 0; j < ((keys + 7) & ~7); j += 4) {
    const k0 = c.key(min(j, last)) + at,
      k1 = c.key(min(j + 1, last)) + at,
      k2 = c.key(min(j + 2, last)) + at,
      k3 = c.key(min(j + 3, last)) + at;
    const panel = to + <usize> (j >> 3) * size + (j & 4 ? 16 : 0);
    if (dots) pack_four(k0, k1, k2, k3, depth, panel, 32, 0);
    else transpose_four_i8_i16(k0, k1, k2, k3, depth, panel);
  }
}

/** Values as the second operand; channels past the end are whatever follows: their sums are dropped. */
function pack_values(c: Cached, at: usize, keys: i32, zero: i32, to: usize): void {
  const dots = ASC_FEATURE_RELAXED_SIMD && c.form > DOT_SEVEN, last = keys - 1;
  const step: usize = dots ? 32 : 64, size = <usize> ((keys + 7) >> 3) * step << 1;
  const z = i16x8.splat(<i16> zero);
  for (let j = 0; j < ((keys + 7) & ~7); j += 4, to += step) {
    let v0 = c.value(min(j, last)) + at,
      v1 = c.value(min(j + 1, last)) + at,
      v2 = c.value(min(j + 2, last)) + at,
      v3 = c.value(min(j + 3, last)) + at;
    for (
      let d = c.depth, panel = to;
      d > 0;
      d -= 8, panel += size, v0 += 8, v1 += 8, v2 += 8, v3 += 8
    ) {
      if (dots) {
        store_interleaved(
          panel,
          v128.load64_zero(v0),
          v128.load64_zero(v1),
          v128.load64_zero(v2),
          v128.load64_zero(v3),
        );
      } else {
        store_pair(panel, without(v0, z), without(v1, z));
        store_pair(panel + 32, without(v2, z), without(v3, z));
      }
    }
  }
}

/** Eight values without their zero point. */
// @ts-ignore: decorator
@inline
function without(v: usize, zero: v128): v128 {
  return i16x8.sub(v128.load8x8_s(v), zero);
}
