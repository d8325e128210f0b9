// acc[b][h][i][j] = Σ_d q[b][i][h·D+d]·k[b][j][h·D+d], D = C/heads, i32; with a multiplier y = clamp(round(acc·m / 2^e)).
import { AttentionScoresI8 } from "../generated/ops/attention_scores_i8";
import { DOT_SEVEN } from "../kernels/dot_forms";
import { by_panels, column_factor, panel_sums } from "../kernels/gemm_dot";
import { mk_i16_4x8 } from "../kernels/microkernels";
import { pack_a_i8_i16, pack_b_i8_i16_transposed } from "../kernels/pack";
import { pack_a_bytes, pack_b_transposed } from "../kernels/pack_dot";
import { plan_bytes, plan_requantize, requantize_row } from "../kernels/requantize";

// scratch: plan, A panel (4 queries), strip i32[4][keys8], B panels (keys), zeros i32[4], column sums i32[keys8]
// @ts-ignore: decorator
@inline
function steps_of(depth: i32): i32 {
  return ((depth + 3) >> 2) << 1;
}

export function scratch_attention_scores_i8(op: AttentionScoresI8): usize {
  const depth = op.q.columns / op.heads, panels = <usize> ((op.k.extent(1) + 7) >> 3);
  const steps = <usize> steps_of(depth);
  return plan_bytes(1) + steps * 32 + panels * 128 + panels * steps * 32 + panels * 32 + 80;
}

export function exec_attention_scores_i8(op: AttentionScoresI8): void {
  const q = op.q, k = op.k, m = op.multiplier, y = op.y;
  const heads = op.heads, depth = q.columns / heads, queries = q.extent(1), keys = k.extent(1);
  const steps = steps_of(depth), panels = (keys + 7) >> 3, ld = <usize> panels << 5;
  const plan = op.scratch,
    a = plan + plan_bytes(1),
    strip = a + (<usize> steps << 5),
    packed = strip + (ld << 2),
    zeros = packed + <usize> (panels * steps) * 32,
    sums = zeros + 16;
  const form = op.dot, dots = steps >> 1;
  if (ASC_FEATURE_RELAXED_SIMD) v128.store(zeros, i32x4.splat(0));
  if (m.address) plan_requantize(plan, m.address, 1, op.shift.address, 1, 0, y.dtype, op.rounding);
  let to = y.address;
  for (let b = 0; b < q.extent(0); b++) {
    for (let h = 0; h < heads; h++) {
      const head = <usize> (h * depth);
      const rows = k.address + <usize> (b * keys) * k.stride + head;
      if (ASC_FEATURE_RELAXED_SIMD && form > DOT_SEVEN) {
        pack_b_transposed(rows, k.stride, keys, depth, packed);
        panel_sums(packed, panels, dots, column_factor(form, false), sums);
      } else pack_b_i8_i16_transposed(rows, k.stride, keys, depth, packed);
      for (let i = 0; i < queries; i += 4) {
        const count = min(4, queries - i),
          from = q.address + <usize> (b * queries + i) * q.stride + head;
        if (ASC_FEATURE_RELAXED_SIMD && form > DOT_SEVEN) {
          pack_a_bytes(from, q.stride, count, depth, a, form, 4, count);
          by_panels(a, packed, dots, strip, 32, ld, panels, dots, 0, zeros, sums);
        } else {
          pack_a_i8_i16(from, q.stride, count, depth, a);
          for (let j = 0; j < panels; j++) {
            const panel = packed + <usize> (j * steps) * 32;
            mk_i16_4x8(a, panel, strip + (<usize> j << 5), ld, steps, 0);
          }
        }
        for (let r = 0; r < count; r++, to += y.stride) {
          const row = strip + <usize> r * ld;
          if (m.address) requantize_row(plan, row, keys, to);
          else memory.copy(to, row, <usize> keys << 2);
        }
      }
    }
  }
}
