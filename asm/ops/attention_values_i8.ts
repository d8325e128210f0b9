// acc[b][i][h·D+d] = Σ_j p[b][h][i][j]·v[b][j][h·D+d], i32 (wraps); with a multiplier y = clamp(round(acc·m / 2^e)).
import { DTYPE_I8 } from "../generated/format";
import { AttentionValuesI8 } from "../generated/ops/attention_values_i8";
import { DOT_SEVEN } from "../kernels/dot_forms";
import { by_panels, column_factor, panel_sums } from "../kernels/gemm_dot";
import { mk_i16_4x8 } from "../kernels/microkernels";
import { pack_a_i16, pack_a_i8_i16, pack_b_i8_i16 } from "../kernels/pack";
import { pack_a_bytes, pack_a_digits, pack_b_rows } from "../kernels/pack_dot";
import { plan_bytes, plan_requantize, requantize_row } from "../kernels/requantize";

// scratch: plan, A panel (4 rows of p), strip i32[4][depth8], B panels (v), zeros i32[4] and as many sums of rows, column sums i32[depth8]
// @ts-ignore: decorator
@inline
function steps_of(keys: i32): i32 {
  return ((keys + 3) >> 2) << 1;
}

export function scratch_attention_values_i8(op: AttentionValuesI8): usize {
  const v = op.v, panels = <usize> ((v.columns / op.heads + 7) >> 3);
  const steps = <usize> steps_of(v.extent(1));
  return plan_bytes(1) + steps * 32 + panels * 128 + panels * steps * 32 + panels * 32 + 96;
}

export function exec_attention_values_i8(op: AttentionValuesI8): void {
  const p = op.p, v = op.v, m = op.multiplier, y = op.y;
  const heads = op.heads, depth = v.columns / heads, queries = p.extent(2), keys = v.extent(1);
  const steps = steps_of(keys), panels = (depth + 7) >> 3, ld = <usize> panels << 5;
  const plan = op.scratch,
    a = plan + plan_bytes(1),
    strip = a + (<usize> steps << 5),
    packed = strip + (ld << 2),
    zeros = packed + <usize> (panels * steps) * 32,
    sums = zeros + 32;
  const form = op.dot;
  const wide = p.dtype != DTYPE_I8, factor = column_factor(form, wide), dots = steps >> 1;
  const panel_steps = ((keys + 7) >> 3) << 1;
  if (ASC_FEATURE_RELAXED_SIMD) v128.store(zeros, i32x4.splat(0));
  if (m.address) plan_requantize(plan, m.address, 1, op.shift.address, 1, 0, y.dtype, op.rounding);
  for (let b = 0; b < v.extent(0); b++) {
    for (let h = 0; h < heads; h++) {
      const head = h * depth;
      const rows = v.address + <usize> (b * keys) * v.stride + <usize> head;
      if (ASC_FEATURE_RELAXED_SIMD && form > DOT_SEVEN) {
        pack_b_rows(rows, v.stride, keys, depth, packed);
        panel_sums(packed, panels, panel_steps, factor, sums);
      } else pack_b_i8_i16(rows, v.stride, keys, depth, packed);
      for (let i = 0; i < queries; i += 4) {
        const count = min(4, queries - i),
          from = p.address + <usize> ((b * heads + h) * queries + i) * p.stride;
        if (ASC_FEATURE_RELAXED_SIMD && form > DOT_SEVEN) {
          if (wide) pack_a_digits(from, p.stride, count, keys, a, zeros + 16, 0, form, 4, count);
          else pack_a_bytes(from, p.stride, count, keys, a, form, 4, count);
          const shift = wide ? 8 : 0;
          by_panels(a, packed, panel_steps, strip, 32, ld, panels, dots, shift, zeros, sums);
        } else {
          if (wide) pack_a_i16(from, p.stride, count, keys, a);
          else pack_a_i8_i16(from, p.stride, count, keys, a);
          for (let j = 0; j < panels; j++) {
            const panel = packed + <usize> (j * steps) * 32;
            mk_i16_4x8(a, panel, strip + (<usize> j << 5), ld, steps, 0);
          }
        }
        for (let r = 0; r < count; r++) {
          const row = strip + <usize> r * ld,
            to = y.address + <usize> (b * queries + i + r) * y.stride;
          if (m.address) requantize_row(plan, row, depth, to + <usize> head);
          else memory.copy(to + (<usize> head << 2), row, <usize> depth << 2);
        }
      }
    }
  }
}
