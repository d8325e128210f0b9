// For each batch member b and head h, D = C/heads:
//
//   s[i][j] = clamp8(round(Σ_d q·k · m / 2^e))
//   with a bias   s = clamp8(round(s·m2 / 2^e2) + bias[h][i][j])       the sum in 64 bits
//   p[i][·] = softmax (../kernels/softmax_i8.ts): table with `exponentials` (then 16 bits whatever `bits` says), else shift;
//             mask[b mod W][i][j] ≠ 0 hides j from i
//   y[i][h·D+d] = clamp8(round(Σ_j p·v · value_multiplier / 2^value_shift))      the sum in i32: |Σ| < 2^7·(2^15 + L)
//
// Keys and values are packed once a head (i16 panels, about 25 KB each for 197 tokens of 64); then four queries at a time: scores, softmax,
// values, all in L1.
import { address, attribute, columns, extent, I8, operand, scratch, stride } from "../operand";
import { add_bias, BIAS_BYTES, hide, plan_bias, softmax_strip } from "../kernels/attention_i8";
import { mk_i16_4x8 } from "../kernels/microkernels";
import { pack_a_i8_i16, pack_b_i8_i16, pack_b_i8_i16_transposed } from "../kernels/pack";
import { plan_bytes, plan_requantize, requantize_row } from "../kernels/requantize";
import { plan_softmax, SOFTMAX_BYTES } from "../kernels/softmax_i8";
import { store_first } from "../kernels/tail";

/** Steps (pairs) of the i16 panels over n. */
// @ts-ignore: decorator
@inline
function steps_of(n: i32): i32 {
  return ((n + 3) >> 2) << 1;
}

// scratch: two plans, softmax plan, bias plan, A panel of q, strip i32 and i8, exponentials, A panel of p, K panels, V panels
export function scratch_attention_i8(context: usize): usize {
  const keys = extent(operand(context, 1), 1), depth = columns(operand(context, 0)) / attribute(context, 0);
  const key_panels = <usize> ((keys + 7) >> 3), depth_panels = <usize> ((depth + 7) >> 3);
  return 2 * plan_bytes(1) + SOFTMAX_BYTES + BIAS_BYTES + <usize> steps_of(depth) * 32 + 160 * max(key_panels, depth_panels) +
    key_panels * 256 + 64 + key_panels * <usize> steps_of(depth) * 32 + depth_panels * <usize> steps_of(keys) * 32 + 64;
}

export function exec_attention_i8(context: usize): void {
  const q = operand(context, 0), k = operand(context, 1), v = operand(context, 2), y = operand(context, 13);
  const bias = operand(context, 7), mask = operand(context, 8);
  const heads = attribute(context, 0), rounding = attribute(context, 2);
  const depth = columns(q) / heads, queries = extent(q, 1), keys = extent(k, 1);
  const key_panels = (keys + 7) >> 3, depth_panels = (depth + 7) >> 3;
  const depth_steps = steps_of(depth), key_steps = steps_of(keys);

  const score_plan = scratch(context), value_plan = score_plan + plan_bytes(1), softmax = value_plan + plan_bytes(1);
  const arms = softmax + SOFTMAX_BYTES, a = arms + BIAS_BYTES, strip = a + (<usize> depth_steps << 5);
  const codes = strip + (<usize> max(key_panels, depth_panels) << 7), e = codes + (<usize> max(key_panels, depth_panels) << 5);
  const p = e + (<usize> key_panels << 7) + 64, packed_k = p + (<usize> key_panels << 7);
  const packed_v = packed_k + <usize> (key_panels * depth_steps) * 32;
  plan_requantize(score_plan, address(operand(context, 3)), 1, address(operand(context, 4)), 1, 0, I8, rounding);
  plan_requantize(value_plan, address(operand(context, 11)), 1, address(operand(context, 12)), 1, 0, I8, rounding);
  plan_softmax(softmax, address(operand(context, 9)), address(operand(context, 10)), attribute(context, 1) ? 8 : 16);
  if (address(bias)) plan_bias(arms, load<i32>(address(operand(context, 5))), load<i32>(address(operand(context, 6))), rounding);

  for (let b = 0; b < extent(q, 0); b++) {
    for (let h = 0; h < heads; h++) {
      const head = <usize> (h * depth);
      pack_b_i8_i16_transposed(address(k) + <usize> (b * keys) * stride(k) + head, stride(k), keys, depth, packed_k);
      pack_b_i8_i16(address(v) + <usize> (b * keys) * stride(v) + head, stride(v), keys, depth, packed_v);
      for (let i = 0; i < queries; i += 4) {
        const count = min(4, queries - i), row = <usize> (b * queries + i);
        pack_a_i8_i16(address(q) + row * stride(q) + head, stride(q), count, depth, a);
        let panel = packed_k;
        for (let j = 0; j < key_panels; j++, panel += <usize> depth_steps << 5) mk_i16_4x8(a, panel, strip + (<usize> j << 7), 32, depth_steps, 0);
        requantize_row(score_plan, strip, key_panels << 5, codes);
        if (address(bias)) add_bias(codes, count, keys, address(bias) + <usize> (h * queries + i) * stride(bias), stride(bias), arms);
        const hides = address(mask) ? address(mask) + <usize> ((b % extent(mask, 0)) * queries + i) * stride(mask) : 0;
        if (hides) hide(codes, count, keys, hides, stride(mask));
        softmax_strip(softmax, codes, keys, e, hides, stride(mask), count, p);
        panel = packed_v;
        for (let j = 0; j < depth_panels; j++, panel += <usize> key_steps << 5) mk_i16_4x8(p, panel, strip + (<usize> j << 7), 32, key_steps, 0);
        requantize_row(value_plan, strip, depth_panels << 5, codes);
        for (let r = 0; r < count; r++) {
          let to = address(y) + (row + <usize> r) * stride(y) + head, from = codes + (<usize> r << 3);
          for (let left = depth; left > 0; left -= 8, to += 8, from += 32) {
            if (left >= 8) store<u64>(to, load<u64>(from));
            else store_first(to, v128.load64_zero(from), left);
          }
        }
      }
    }
  }
}
