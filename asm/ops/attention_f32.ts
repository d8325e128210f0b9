// For each batch member b and head h, D = C/heads, every operation rounded to float32:
//
//   s[i][j] = (Σ_d q[d]·k[d])·scale [+ bias[h][i][j]];  −∞ where mask[b mod W][i][j] ≠ 0        d ascending, one accumulator from +0
//   p[i][·] = softmax of the row (../kernels/softmax_f32.ts: a row of −∞ gives 0)
//   y[i][h·D+d] = Σ_j p[i][j]·v[j][d]                                                           j ascending, one accumulator from +0
//
// precision = fast: the relaxed build may round a product and its sum once.
import { address, attribute, columns, extent, operand, scratch, stride } from "../operand";
import { mk_f32_4x8, mk_f32_4x8_fast, ZERO } from "../kernels/microkernels";
import { pack_a_f32, pack_panels_f32 } from "../kernels/pack";
import { softmax_row_f32 } from "../kernels/softmax_f32";
import { store_first } from "../kernels/tail";

// scratch: A panel, strip f32[4][keys8 or depth8], K panels, V panels
export function scratch_attention_f32(context: usize): usize {
  const keys = extent(operand(context, 1), 1), depth = columns(operand(context, 0)) / attribute(context, 0);
  const key_panels = (keys + 7) >> 3, depth_panels = (depth + 7) >> 3;
  return <usize> max(keys, depth) * 32 + <usize> max(key_panels, depth_panels) * 128 + <usize> key_panels * <usize> depth * 32 +
    <usize> depth_panels * <usize> keys * 32 + 64;
}

export function exec_attention_f32(context: usize): void {
  const q = operand(context, 0), k = operand(context, 1), v = operand(context, 2), y = operand(context, 6);
  const bias = operand(context, 4), mask = operand(context, 5);
  const scale = v128.load32_splat(address(operand(context, 3)));
  const heads = attribute(context, 0), fast = attribute(context, 1) != 0;
  const depth = columns(q) / heads, queries = extent(q, 1), keys = extent(k, 1);
  const key_panels = (keys + 7) >> 3, depth_panels = (depth + 7) >> 3, ld = <usize> max(key_panels, depth_panels) << 5;
  const a = scratch(context), strip = a + (<usize> max(keys, depth) << 5), packed_k = strip + (ld << 2);
  const packed_v = packed_k + <usize> key_panels * (<usize> depth << 5);
  for (let b = 0; b < extent(q, 0); b++) {
    for (let h = 0; h < heads; h++) {
      const head = <usize> (h * depth) << 2;
      pack_panels_f32(address(k) + <usize> (b * keys) * stride(k) + head, stride(k), depth, keys, 1, packed_k);
      pack_panels_f32(address(v) + <usize> (b * keys) * stride(v) + head, stride(v), keys, depth, 0, packed_v);
      for (let i = 0; i < queries; i += 4) {
        const count = min(4, queries - i), row = <usize> (b * queries + i);
        pack_a_f32(address(q) + row * stride(q) + head, stride(q), count, depth, a, !fast);
        multiply(a, packed_k, key_panels, depth, strip, ld, fast);
        for (let r = 0; r < count; r++) {
          const at = strip + <usize> r * ld;
          scale_row(
            at, keys, scale,
            address(bias) ? address(bias) + <usize> (h * queries + i + r) * stride(bias) : 0,
            address(mask) ? address(mask) + <usize> ((b % extent(mask, 0)) * queries + i + r) * stride(mask) : 0,
          );
          softmax_row_f32(at, keys, at);
        }
        pack_a_f32(strip, ld, count, keys, a, !fast);
        multiply(a, packed_v, depth_panels, keys, strip, ld, fast);
        for (let r = 0; r < count; r++) {
          let to = address(y) + (row + <usize> r) * stride(y) + head, from = strip + <usize> r * ld;
          for (let left = depth; left > 0; left -= 4, to += 16, from += 16) store_first(to, v128.load(from), min(left, 4) << 2);
        }
      }
    }
  }
}

function multiply(a: usize, panel: usize, panels: i32, k: i32, strip: usize, ld: usize, fast: bool): void {
  for (let j = 0; j < panels; j++, panel += <usize> k << 5, strip += 32) {
    if (fast) mk_f32_4x8_fast(a, panel, strip, ld, k, 0);
    else mk_f32_4x8(a, panel, strip, ld, k, ZERO, false);
  }
}

/** s = Σ·scale [+ bias], −∞ where hidden. */
function scale_row(s: usize, n: i32, scale: v128, bias: usize, hides: usize): void {
  for (let i = 0; i < n; i += 4) {
    const at = <usize> i << 2;
    let v = f32x4.mul(v128.load(s + at), scale);
    if (bias) v = f32x4.add(v, v128.load(bias + at));
    v128.store(s + at, v);
  }
  if (hides) for (let i = 0; i < n; i++) if (load<u8>(hides + <usize> i)) store<u32>(s + (<usize> i << 2), 0xff800000);
}
