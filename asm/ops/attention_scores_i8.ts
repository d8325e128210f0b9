// acc[b][h][i][j] = Σ_d q[b][i][h·D+d]·k[b][j][h·D+d], D = C/heads, i32; with a multiplier y = clamp(round(acc·m / 2^e)).
import { address, attribute, columns, dtype, extent, operand, scratch, stride } from "../operand";
import { mk_i16_4x8 } from "../kernels/microkernels";
import { pack_a_i8_i16, pack_b_i8_i16_transposed } from "../kernels/pack";
import { plan_bytes, plan_requantize, requantize_row } from "../kernels/requantize";

// scratch: plan, A panel (4 queries), strip i32[4][keys8], B panels (keys)
// @ts-ignore: decorator
@inline
function steps_of(depth: i32): i32 {
  return ((depth + 3) >> 2) << 1;
}

export function scratch_attention_scores_i8(context: usize): usize {
  const depth = columns(operand(context, 0)) / attribute(context, 0), panels = <usize> ((extent(operand(context, 1), 1) + 7) >> 3);
  const steps = <usize> steps_of(depth);
  return plan_bytes(1) + steps * 32 + panels * 128 + panels * steps * 32 + 64;
}

export function exec_attention_scores_i8(context: usize): void {
  const q = operand(context, 0), k = operand(context, 1), m = operand(context, 2), y = operand(context, 4);
  const heads = attribute(context, 0), depth = columns(q) / heads, queries = extent(q, 1), keys = extent(k, 1);
  const steps = steps_of(depth), panels = (keys + 7) >> 3, ld = <usize> panels << 5;
  const plan = scratch(context), a = plan + plan_bytes(1), strip = a + (<usize> steps << 5), packed = strip + (ld << 2);
  if (address(m)) plan_requantize(plan, address(m), 1, address(operand(context, 3)), 1, 0, dtype(y), attribute(context, 1));
  let to = address(y);
  for (let b = 0; b < extent(q, 0); b++) {
    for (let h = 0; h < heads; h++) {
      const head = <usize> (h * depth);
      pack_b_i8_i16_transposed(address(k) + <usize> (b * keys) * stride(k) + head, stride(k), keys, depth, packed);
      for (let i = 0; i < queries; i += 4) {
        const count = min(4, queries - i);
        pack_a_i8_i16(address(q) + <usize> (b * queries + i) * stride(q) + head, stride(q), count, depth, a);
        for (let j = 0; j < panels; j++) mk_i16_4x8(a, packed + <usize> (j * steps) * 32, strip + (<usize> j << 5), ld, steps, 0);
        for (let r = 0; r < count; r++, to += stride(y)) {
          const row = strip + <usize> r * ld;
          if (address(m)) requantize_row(plan, row, keys, to);
          else memory.copy(to, row, <usize> keys << 2);
        }
      }
    }
  }
}
