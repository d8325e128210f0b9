// Attention of many queries: keys and values of a kv head are packed once, then four rows at a time, each a query of one of its heads: scores,
// softmax, values, as in attend_i8.ts (there: the forms of the dot product).
import { store_panel } from "./attention_i8";
import { Cached, score_prefix, sum_lanes } from "./cached_i8";
import { DOT_SEVEN, DOT_SIGNED, DOT_UNSIGNED } from "./dot_forms";
import { epilogue_shifted } from "./epilogue_shifted";
import { by_panels, column_factor, panel_sums } from "./gemm_dot";
import { mk_i16_4x8 } from "./microkernels";
import { pack_four_i8_i16, store_pair, transpose_four_i8_i16 } from "./pack";
import { pack_four, store_interleaved } from "./pack_dot";
import { exponentials, probabilities } from "./softmax_q15";

/** Steps (pairs) of the i16 panels over n. */
// @ts-ignore: decorator
@inline
function steps_of(n: i32): i32 {
  return ((n + 3) >> 2) << 1;
}

// scratch: A panel of q, strip i32, A panel of p, K panels, V panels, i32[4] of the rows, sums of keys and of values
/** Bytes of scratch for `keys` keys, a multiple of 8, and heads of `depth` channels. */
export function attend_blocks_scratch(keys: usize, depth: i32): usize {
  const panels = keys >> 3, depth_panels = <usize> ((depth + 7) >> 3);
  const steps = <usize> steps_of(depth);
  return steps * 32 + 128 * max(panels, depth_panels) + panels * 128 + panels * steps * 32 +
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
    p = strip + (max(panels, <usize> depth_panels) << 7),
    packed_k = p + (panels << 7),
    packed_v = packed_k + panels * (<usize> steps << 5),
    zeros = packed_v + (<usize> depth_panels * panels << 7),
    taken = zeros + 16,
    key_sums = taken + 16,
    value_sums = key_sums + (panels << 5);
  pack_keys(c, at, count, packed_k);
  pack_values(c, at, count, packed_v);
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
      by_panels_i16(a, packed_k, <usize> steps << 5, strip, used, steps, 0);
    }
    const r0 = weigh(c, kv, i, strip, used),
      r1 = weigh(c, kv, i1, strip + 32, used),
      r2 = weigh(c, kv, i2, strip + 64, used),
      r3 = weigh(c, kv, i3, strip + 96, used);
    let s0 = i32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    const size = <usize> used << 5;
    for (let j: usize = 0, e = strip; j < <usize> used; j++, e += 128) {
      const p0 = probabilities(e, r0),
        p1 = probabilities(e + 32, r1),
        p2 = probabilities(e + 64, r2),
        p3 = probabilities(e + 96, r3);
      s0 = i32x4.add(s0, i32x4.extadd_pairwise_i16x8_s(p0));
      s1 = i32x4.add(s1, i32x4.extadd_pairwise_i16x8_s(p1));
      s2 = i32x4.add(s2, i32x4.extadd_pairwise_i16x8_s(p2));
      s3 = i32x4.add(s3, i32x4.extadd_pairwise_i16x8_s(p3));
      store_panel(p, j, form, size, p0, p1, p2, p3);
    }
    // value_zero·Σ p is taken off
    const z = -c.value_zero(kv);
    store<i32>(taken, z * sum_lanes(s0));
    store<i32>(taken, z * sum_lanes(s1), 4);
    store<i32>(taken, z * sum_lanes(s2), 8);
    store<i32>(taken, z * sum_lanes(s3), 12);
    const v_steps = <i32> panels << 1;
    if (dots) {
      by_panels(
        p,
        packed_v,
        v_steps,
        strip,
        128,
        32,
        depth_panels,
        used << 1,
        8,
        taken,
        value_sums,
      );
    } else {
      for (let s = strip, end = strip + (<usize> depth_panels << 7); s < end; s += 32) {
        const row = v128.load32_splat(taken + ((s - strip) >> 3 & 12));
        v128.store(s, row);
        v128.store(s, row, 16);
      }
      by_panels_i16(p, packed_v, <usize> v_steps << 6, strip, depth_panels, used << 2, 1);
    }
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
  accumulate: i32,
): void {
  for (; panels > 0; panels--, packed += size, strip += 128) {
    mk_i16_4x8(a, packed, strip, 32, steps, accumulate);
  }
}

/** Address of a row's query: row = token·group + head of the group. */
function query(c: Cached, kv: i32, row: i32): usize {
  const token = row / c.group;
  return c.q + <usize> token * c.q_stride + c.head(kv, row - token * c.group);
}

/** Scores of a row → exponentials, 0 behind what it sees; gives r. */
function weigh(c: Cached, kv: i32, row: i32, scores: usize, panels: i32): v128 {
  const token = row / c.group, g = row - token * c.group, seen = c.see(token);
  if (c.pinned) score_prefix(c, token, kv, g, scores, 128);
  const r = exponentials(seen, scores, 128, c.rate(kv, g), c.table), zero = i32x4.splat(0);
  for (let j = (seen.end + 7) >> 3; j < panels; j++) {
    v128.store(scores + (<usize> j << 7), zero);
    v128.store(scores + (<usize> j << 7), zero, 16);
  }
  return i32x4.splat(<i32> r);
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
function pack_values(c: Cached, at: usize, keys: i32, to: usize): void {
  const dots = ASC_FEATURE_RELAXED_SIMD && c.form > DOT_SEVEN, last = keys - 1;
  const step: usize = dots ? 32 : 64, size = <usize> ((keys + 7) >> 3) * step << 1;
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
        store_pair(panel, v128.load8x8_s(v0), v128.load8x8_s(v1));
        store_pair(panel + 32, v128.load8x8_s(v2), v128.load8x8_s(v3));
      }
    }
  }
}
