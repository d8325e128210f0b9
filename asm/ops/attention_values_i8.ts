// acc[b][i][h·D+d] = Σ_j p[b][h][i][j]·v[b][j][h·D+d], i32 (wraps); with a multiplier y = clamp(round(acc·m / 2^e)).
import { address, attribute, columns, dtype, extent, I8, operand, scratch, stride } from "../operand";
import { mk_i16_4x8 } from "../kernels/microkernels";
import { pack_a_i16, pack_a_i8_i16, pack_b_i8_i16 } from "../kernels/pack";
import { plan_bytes, plan_requantize, requantize_row } from "../kernels/requantize";

// scratch: plan, A panel (4 rows of p), strip i32[4][depth8], B panels (v)
// @ts-ignore: decorator
@inline
function steps_of(keys: i32): i32 {
  return ((keys + 3) >> 2) << 1;
}

export function scratch_attention_values_i8(context: usize): usize {
  const v = operand(context, 1), panels = <usize> ((columns(v) / attribute(context, 0) + 7) >> 3);
  const steps = <usize> steps_of(extent(v, 1));
  return plan_bytes(1) + steps * 32 + panels * 128 + panels * steps * 32 + 64;
}

export function exec_attention_values_i8(context: usize): void {
  const p = operand(context, 0), v = operand(context, 1), m = operand(context, 2), y = operand(context, 4);
  const heads = attribute(context, 0), depth = columns(v) / heads, queries = extent(p, 2), keys = extent(v, 1);
  const steps = steps_of(keys), panels = (depth + 7) >> 3, ld = <usize> panels << 5;
  const plan = scratch(context), a = plan + plan_bytes(1), strip = a + (<usize> steps << 5), packed = strip + (ld << 2);
  if (address(m)) plan_requantize(plan, address(m), 1, address(operand(context, 3)), 1, 0, dtype(y), attribute(context, 1));
  for (let b = 0; b < extent(v, 0); b++) {
    for (let h = 0; h < heads; h++) {
      const head = h * depth;
      pack_b_i8_i16(address(v) + <usize> (b * keys) * stride(v) + <usize> head, stride(v), keys, depth, packed);
      for (let i = 0; i < queries; i += 4) {
        const count = min(4, queries - i), from = address(p) + <usize> ((b * heads + h) * queries + i) * stride(p);
        if (dtype(p) == I8) pack_a_i8_i16(from, stride(p), count, keys, a);
        else pack_a_i16(from, stride(p), count, keys, a);
        for (let j = 0; j < panels; j++) mk_i16_4x8(a, packed + <usize> (j * steps) * 32, strip + (<usize> j << 5), ld, steps, 0);
        for (let r = 0; r < count; r++) {
          const row = strip + <usize> r * ld, to = address(y) + <usize> (b * queries + i + r) * stride(y);
          if (address(m)) requantize_row(plan, row, depth, to + <usize> head);
          else memory.copy(to + (<usize> head << 2), row, <usize> depth << 2);
        }
      }
    }
  }
}
