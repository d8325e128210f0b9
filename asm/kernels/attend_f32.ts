// Float32 attention of one sequence; formulas: ../ops/attention_f32.ts.
import { mk_f32_4x8, mk_f32_4x8_fast, ZERO } from "./microkernels_f32";
import { pack_a_f32, pack_panels_f32 } from "./pack_f32";
import { softmax_row_f32 } from "./softmax_f32";
import { store_words } from "./tail";

// scratch: A panel, strip f32[4][keys8 or depth8], K panels, V panels
/** Bytes of scratch for heads of `depth` columns and up to `keys` keys. */
export function attend_f32_scratch(keys: i32, depth: i32): usize {
  const key_panels = (keys + 7) >> 3, depth_panels = (depth + 7) >> 3;
  return <usize> max(keys, depth) * 32 + <usize> max(key_panels, depth_panels) * 128 +
    <usize> key_panels * <usize> depth * 32 +
    <usize> depth_panels * <usize> keys * 32 + 64;
}

/** One sequence: addresses of its first rows and their strides in bytes; bias [heads][queries][keys] and mask [queries][keys] may be 0. */
export function attend_f32(
  scratch: usize,
  q: usize,
  q_stride: usize,
  k: usize,
  k_stride: usize,
  v: usize,
  v_stride: usize,
  y: usize,
  y_stride: usize,
  scale: f32,
  heads: i32,
  depth: i32,
  queries: i32,
  keys: i32,
  bias: usize,
  bias_stride: usize,
  mask: usize,
  mask_stride: usize,
  fast: bool,
): void {
  const key_panels = (keys + 7) >> 3,
    depth_panels = (depth + 7) >> 3,
    ld = <usize> max(key_panels, depth_panels) << 5;
  const factor = f32x4.splat(scale);
  const a = scratch, strip = a + (<usize> max(keys, depth) << 5), packed_k = strip + (ld << 2);
  const packed_v = packed_k + <usize> key_panels * (<usize> depth << 5);
  for (let h = 0; h < heads; h++) {
    const head = <usize> (h * depth) << 2;
    pack_panels_f32(k + head, k_stride, depth, keys, 1, packed_k);
    pack_panels_f32(v + head, v_stride, keys, depth, 0, packed_v);
    for (let i = 0; i < queries; i += 4) {
      const count = min(4, queries - i), row = <usize> i;
      pack_a_f32(q + row * q_stride + head, q_stride, count, depth, a, !fast);
      multiply(a, packed_k, key_panels, depth, strip, ld, fast);
      for (let r = 0; r < count; r++) {
        const at = strip + <usize> r * ld;
        scale_row(
          at,
          keys,
          factor,
          bias ? bias + <usize> (h * queries + i + r) * bias_stride : 0,
          mask ? mask + (row + <usize> r) * mask_stride : 0,
        );
        softmax_row_f32(at, keys, at);
      }
      pack_a_f32(strip, ld, count, keys, a, !fast);
      multiply(a, packed_v, depth_panels, keys, strip, ld, fast);
      for (let r = 0; r < count; r++) {
        let to = y + (row + <usize> r) * y_stride + head, from = strip + <usize> r * ld;
        for (let left = depth; left > 0; left -= 4, to += 16, from += 16) {
          store_words(to, v128.load(from), left);
        }
      }
    }
  }
}

function multiply(
  a: usize,
  panel: usize,
  panels: i32,
  k: i32,
  strip: usize,
  ld: usize,
  fast: bool,
): void {
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
  if (hides) {
    for (let i = 0; i < n; i++) {
      if (load<u8>(hides + <usize> i)) store<u32>(s + (<usize> i << 2), 0xff800000);
    }
  }
}
