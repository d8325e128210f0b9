// Attention of many queries: keys and values of a kv head are packed once, then four rows at a time, each a query of one of its heads: scores,
// softmax, values, as in attend_i8.ts (there: the forms of the dot product).
import { store_panel } from "./attention_i8";
import { Cached, finish, score_prefix, sum_lanes } from "./cached_i8";
import { DOT_SEVEN, DOT_SIGNED, DOT_UNSIGNED } from "./dot_forms";
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

// scratch: A panel of q, strip i32, A panel of p, K panels, V panels, zeros i32[4], sums of keys and of values
/** Bytes of scratch for `keys` keys, a multiple of 8, and heads of `depth` channels. */
export function attend_blocks_scratch(keys: usize, depth: i32): usize {
  const panels = keys >> 3, depth_panels = <usize> ((depth + 7) >> 3);
  const steps = <usize> steps_of(depth);
  return steps * 32 + 128 * max(panels, depth_panels) + panels * 128 + panels * steps * 32 +
    depth_panels * panels * 128 + 16 + 32 * (panels + depth_panels) + 64;
}

/** All heads of q of a kv head. */
export function attend_blocks_i8(c: Cached, kv: i32, keys: i32): void {
  const depth = c.depth, group = c.group, form = c.form, at = <usize> (kv * depth);
  const panels = <usize> keys >> 3, depth_panels = (depth + 7) >> 3, steps = steps_of(depth);
  const dots = ASC_FEATURE_RELAXED_SIMD && form > DOT_SEVEN, dot_steps = steps >> 1;
  const a = c.temporary,
    strip = a + (<usize> steps << 5),
    p = strip + (max(panels, <usize> depth_panels) << 7),
    packed_k = p + (panels << 7),
    packed_v = packed_k + panels * (<usize> steps << 5),
    zeros = packed_v + (<usize> depth_panels * panels << 7),
    key_sums = zeros + 16,
    value_sums = key_sums + (panels << 5);
  pack_keys(c.key_rows, at, keys, depth, packed_k, dots);
  pack_values(c.value_rows, at, keys, depth, packed_v, dots);
  if (dots) {
    v128.store(zeros, i32x4.splat(0));
    panel_sums(packed_k, <i32> panels, dot_steps, column_factor(form, false), key_sums);
    const factor = form == DOT_SIGNED ? 128 : 0;
    panel_sums(packed_v, depth_panels, <i32> panels << 1, factor, value_sums);
  }
  const rows = c.tokens * group;
  for (let i = 0; i < rows; i += 4) {
    const last = min(i + 3, rows - 1);
    const q0 = query(c, kv, i),
      q1 = query(c, kv, min(i + 1, last)),
      q2 = query(c, kv, min(i + 2, last)),
      q3 = query(c, kv, last);
    // those that the last row sees; the low digits of `signed` have an offset for every key
    const used = form == DOT_SIGNED ? <i32> panels : (c.see(last / group).end + 7) >> 3;
    if (dots) {
      pack_four(q0, q1, q2, q3, depth, a, 16, form == DOT_UNSIGNED ? 128 : 0);
      by_panels(
        a,
        packed_k,
        dot_steps,
        strip,
        128,
        32,
        used,
        dot_steps,
        0,
        zeros,
        key_sums,
      );
    } else {
      pack_four_i8_i16(q0, q1, q2, q3, depth, a);
      for (let j = 0; j < used; j++) {
        mk_i16_4x8(
          a,
          packed_k + <usize> (j * steps << 5),
          strip + (<usize> j << 7),
          32,
          steps,
          0,
        );
      }
    }
    const r0 = weigh(c, kv, i, strip, used),
      r1 = weigh(c, kv, min(i + 1, last), strip + 32, used),
      r2 = weigh(c, kv, min(i + 2, last), strip + 64, used),
      r3 = weigh(c, kv, last, strip + 96, used);
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
    if (dots) {
      by_panels(
        p,
        packed_v,
        <i32> panels << 1,
        strip,
        128,
        32,
        depth_panels,
        used << 1,
        8,
        zeros,
        value_sums,
      );
    } else {
      for (let j = 0; j < depth_panels; j++) {
        mk_i16_4x8(
          p,
          packed_v + <usize> j * (panels << 7),
          strip + (<usize> j << 7),
          32,
          used << 2,
          0,
        );
      }
    }
    end_row(c, kv, i, strip, sum_lanes(s0));
    if (i + 1 < rows) end_row(c, kv, i + 1, strip + 32, sum_lanes(s1));
    if (i + 2 < rows) end_row(c, kv, i + 2, strip + 64, sum_lanes(s2));
    if (i + 3 < rows) end_row(c, kv, i + 3, strip + 96, sum_lanes(s3));
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
  if (c.pinned) score_prefix(c, seen, token, kv, g, scores, 128);
  const r = exponentials(seen, scores, 128, c.rate(kv, g), c.table), zero = i32x4.splat(0);
  for (let j = (seen.end + 7) >> 3; j < panels; j++) {
    v128.store(scores + (<usize> j << 7), zero);
    v128.store(scores + (<usize> j << 7), zero, 16);
  }
  return i32x4.splat(<i32> r);
}

/** Sums of a row → its context. */
function end_row(c: Cached, kv: i32, row: i32, sums: usize, total: i32): void {
  const token = row / c.group, g = row - token * c.group, depth = c.depth;
  const taken = i32x4.splat(c.valueZero(kv) * total),
    m = i32x4.splat(c.multiplier(kv, g)),
    zero = i32x4.splat(c.zero);
  let to = c.y + <usize> token * c.y_stride + c.head(kv, g);
  for (let left = depth; left > 0; left -= 8, to += 8, sums += 128) {
    finish(c.shift, sums, taken, m, zero, to, left);
  }
}

/** Keys as the second operand of scores, from the addresses of their rows. */
function pack_keys(
  rows: usize,
  at: usize,
  keys: i32,
  depth: i32,
  to: usize,
  dots: bool,
): void {
  const size = <usize> ((depth + 3) >> 2) << (dots ? 5 : 6);
  for (let j = 0; j < keys; j += 4, rows += 16) {
    const k0 = load<u32>(rows) + at,
      k1 = load<u32>(rows, 4) + at,
      k2 = load<u32>(rows, 8) + at,
      k3 = load<u32>(rows, 12) + at;
    const panel = to + <usize> (j >> 3) * size + (j & 4 ? 16 : 0);
    if (ASC_FEATURE_RELAXED_SIMD && dots) pack_four(k0, k1, k2, k3, depth, panel, 32, 0);
    else transpose_four_i8_i16(k0, k1, k2, k3, depth, panel);
  }
}

/** Values as the second operand; channels past the end are whatever follows: their sums are dropped. */
function pack_values(
  rows: usize,
  at: usize,
  keys: i32,
  depth: i32,
  to: usize,
  dots: bool,
): void {
  for (let d = 0; d < depth; d += 8, at += 8) {
    for (let r = rows, end = rows + (<usize> keys << 2); r < end; r += 16) {
      const v0 = load<u32>(r) + at,
        v1 = load<u32>(r, 4) + at,
        v2 = load<u32>(r, 8) + at,
        v3 = load<u32>(r, 12) + at;
      if (ASC_FEATURE_RELAXED_SIMD && dots) {
        store_interleaved(
          to,
          v128.load64_zero(v0),
          v128.load64_zero(v1),
          v128.load64_zero(v2),
          v128.load64_zero(v3),
        );
        to += 32;
      } else {
        store_pair(to, v128.load8x8_s(v0), v128.load8x8_s(v1));
        store_pair(to + 32, v128.load8x8_s(v2), v128.load8x8_s(v3));
        to += 64;
      }
    }
  }
}
