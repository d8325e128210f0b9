// Integer attention of one sequence; formulas: ../ops/attention_i8.ts. Keys and values are packed once a head (for 197 tokens of 64 about 25 KB
// each as i16, 12.5 as bytes); then four queries at a time: scores, softmax, values, all in L1.
//
// Where the dot product takes whole bytes (dot_forms.ts) they are its signed operand: scores are one dot with the queries as in gemm_dot.ts, values
// two with the digits of the probabilities, p = 256·h + l: Σ p·v = 256·Σ h·v + Σ l·v (`unsigned`), or with l − 128 and + 128·Σ v (`signed`).
// Exactness: |Σ q·k| ≤ depth·2^14, |Σ p·v| ≤ keys·2^22, both modulo 2^32 as defined; the bounds say where requantize_tiles.ts is quick.
import { DTYPE_I8 } from "../generated/format";
import { add_bias, BIAS_BYTES, hide, plan_bias, softmax_strip } from "./attention_i8";
import { DOT_SEVEN, DOT_SIGNED } from "./dot_forms";
import { by_panels, column_factor, panel_sums } from "./gemm_dot";
import { mk_i16_4x8 } from "./microkernels";
import { pack_a_i8_i16, pack_b_i8_i16, pack_b_i8_i16_transposed } from "./pack";
import { pack_a_bytes, pack_b_rows, pack_b_transposed } from "./pack_dot";
import { plan_bytes, plan_requantize } from "./requantize";
import { requantize_tiles } from "./requantize_tiles";
import { plan_softmax, SOFTMAX_BYTES } from "./softmax_i8";
import { store_first } from "./tail";

/** Steps (pairs) of the i16 panels over n. */
// @ts-ignore: decorator
@inline
function steps_of(n: i32): i32 {
  return ((n + 3) >> 2) << 1;
}

// scratch: two plans, softmax plan, bias plan, A panel of q, strip i32 and i8, exponentials, A panel of p, K panels, V panels
/** Bytes of scratch for heads of `depth` columns and up to `keys` keys. */
export function attend_scratch(keys: i32, depth: i32): usize {
  const key_panels = <usize> ((keys + 7) >> 3), depth_panels = <usize> ((depth + 7) >> 3);
  return 2 * plan_bytes(1) + SOFTMAX_BYTES + BIAS_BYTES + <usize> steps_of(depth) * 32 +
    160 * max(key_panels, depth_panels) +
    key_panels * 256 + 128 + 32 * (key_panels + depth_panels) +
    key_panels * <usize> steps_of(depth) * 32 +
    depth_panels * <usize> steps_of(keys) * 32 + 64;
}

/** Prepares `attend_i8`: requantisations of scores and values (addresses of multipliers and shifts), and the softmax. */
export function plan_attention(
  scratch: usize,
  m: usize,
  e: usize,
  value_m: usize,
  value_e: usize,
  rounding: i32,
  exponentials: usize,
  x0: usize,
  bits: i32,
): void {
  const value_plan = scratch + plan_bytes(1);
  plan_requantize(scratch, m, 1, e, 1, 0, DTYPE_I8, rounding);
  plan_requantize(value_plan, value_m, 1, value_e, 1, 0, DTYPE_I8, rounding);
  plan_softmax(value_plan + plan_bytes(1), exponentials, x0, bits);
}

/** Prepares the addition of a bias. */
export function plan_attention_bias(scratch: usize, m2: i32, e2: i32, rounding: i32): void {
  plan_bias(scratch + 2 * plan_bytes(1) + SOFTMAX_BYTES, m2, e2, rounding);
}

/** One sequence: addresses of its first rows and their strides in bytes; bias [heads][queries][keys] and mask [queries][keys] may be 0. */
export function attend_i8(
  scratch: usize,
  q: usize,
  q_stride: usize,
  k: usize,
  k_stride: usize,
  v: usize,
  v_stride: usize,
  y: usize,
  y_stride: usize,
  heads: i32,
  depth: i32,
  queries: i32,
  keys: i32,
  bias: usize,
  bias_stride: usize,
  mask: usize,
  mask_stride: usize,
  form: i32,
): void {
  const key_panels = (keys + 7) >> 3, depth_panels = (depth + 7) >> 3;
  const depth_steps = steps_of(depth), key_steps = steps_of(keys);
  const score_plan = scratch,
    value_plan = score_plan + plan_bytes(1),
    softmax = value_plan + plan_bytes(1);
  const arms = softmax + SOFTMAX_BYTES,
    a = arms + BIAS_BYTES,
    strip = a + (<usize> depth_steps << 5);
  const codes = strip + (<usize> max(key_panels, depth_panels) << 7),
    e = codes + (<usize> max(key_panels, depth_panels) << 5);
  const p = e + (<usize> key_panels << 7) + 64, packed_k = p + (<usize> key_panels << 7);
  const packed_v = packed_k + <usize> (key_panels * depth_steps) * 32,
    zeros = packed_v + <usize> (depth_panels * key_steps) * 32,
    key_sums = zeros + 16,
    value_sums = key_sums + (<usize> key_panels << 5);
  const score_bound = <i64> depth << 14, value_bound = <i64> keys << 22;
  if (ASC_FEATURE_RELAXED_SIMD) v128.store(zeros, i32x4.splat(0));

  for (let h = 0; h < heads; h++) {
    const head = <usize> (h * depth);
    if (ASC_FEATURE_RELAXED_SIMD && form > DOT_SEVEN) {
      pack_b_transposed(k + head, k_stride, keys, depth, packed_k);
      pack_b_rows(v + head, v_stride, keys, depth, packed_v);
      panel_sums(packed_k, key_panels, depth_steps >> 1, column_factor(form, false), key_sums);
      // the digits of p have no offset but that of the low ones
      const factor = form == DOT_SIGNED ? 128 : 0;
      panel_sums(packed_v, depth_panels, key_panels << 1, factor, value_sums);
    } else {
      pack_b_i8_i16_transposed(k + head, k_stride, keys, depth, packed_k);
      pack_b_i8_i16(v + head, v_stride, keys, depth, packed_v);
    }
    for (let i = 0; i < queries; i += 4) {
      const count = min(4, queries - i), row = <usize> i;
      let panel = packed_k;
      if (ASC_FEATURE_RELAXED_SIMD && form > DOT_SEVEN) {
        pack_a_bytes(q + row * q_stride + head, q_stride, count, depth, a, form, 4, count);
        const steps = depth_steps >> 1;
        by_panels(a, packed_k, steps, strip, 128, 32, key_panels, steps, 0, zeros, key_sums);
      } else {
        pack_a_i8_i16(q + row * q_stride + head, q_stride, count, depth, a);
        for (let j = 0; j < key_panels; j++, panel += <usize> depth_steps << 5) {
          mk_i16_4x8(a, panel, strip + (<usize> j << 7), 32, depth_steps, 0);
        }
      }
      requantize_tiles(score_plan, strip, key_panels, codes, score_bound);
      if (bias) {
        add_bias(
          codes,
          count,
          keys,
          bias + <usize> (h * queries + i) * bias_stride,
          bias_stride,
          arms,
        );
      }
      const hides = mask ? mask + row * mask_stride : 0;
      if (hides) hide(codes, count, keys, hides, mask_stride);
      softmax_strip(softmax, codes, keys, e, hides, mask_stride, count, p, form);
      panel = packed_v;
      if (ASC_FEATURE_RELAXED_SIMD && form > DOT_SEVEN) {
        const steps = key_panels << 1;
        by_panels(p, packed_v, steps, strip, 128, 32, depth_panels, steps, 8, zeros, value_sums);
      } else {
        for (let j = 0; j < depth_panels; j++, panel += <usize> key_steps << 5) {
          mk_i16_4x8(p, panel, strip + (<usize> j << 7), 32, key_steps, 0);
        }
      }
      requantize_tiles(value_plan, strip, depth_panels, codes, value_bound);
      for (let r = 0; r < count; r++) {
        let to = y + (row + <usize> r) * y_stride + head, from = codes + (<usize> r << 3);
        for (let left = depth; left > 0; left -= 8, to += 8, from += 32) {
          if (left >= 8) store<u64>(to, load<u64>(from));
          else store_first(to, v128.load64_zero(from), left);
        }
      }
    }
  }
}
