// Row of C float32, every operation rounded, sums as in ../kernels/f32_math.ts:
//
//   h     = x, or (x·r₀)·pre_gamma, r₀ = 1 / √((Σ x²) / C + pre_epsilon)
//   y     = (h·r)·gamma,            r  = 1 / √((Σ h²) / C + epsilon)          for each gamma
//   alpha = 127 / max(max|y|, 1e-5);  q = half_away(y·alpha)                   a NaN has no part in the maximum and is 0
//
// Half away from zero: w = trunc(2v), of which v = y·alpha is (w + 1) >> 1 for w ≥ 0 and w >> 1 below. 2v = y·(2·alpha) is exact, but for
// numbers far below ½. |y| ≤ max gives |2v| ≤ 254·(1 + 2^-22): w has 9 bits, the truncation saturates for NaN only, and q is never −128.
// Floats in *: a float32 norm in front of the codes.
import { RmsNormQuantizeI8 } from "../generated/ops/rms_norm_quantize_i8";
import { load_floats, tree_sum } from "../kernels/f32_math";
import { store_first } from "../kernels/tail";

/** Two rows of float32: h and y. */
export function scratch_rms_norm_quantize_i8(op: RmsNormQuantizeI8): usize {
  return (<usize> op.x.columns << 3) + 256;
}

export function exec_rms_norm_quantize_i8(op: RmsNormQuantizeI8): void {
  const x = op.x, pre_gamma = op.pre_gamma.address, gamma = op.gamma, q = op.q, alphas = op.alpha;
  // Planes of q are as far apart as its extents say, also where a part has fewer rows.
  const n = x.columns, t = x.rows, plane = q.extent(1), epsilon = load<f32>(op.epsilon.address);
  const y = (op.scratch + 15) & ~15, h = y + ((<usize> n << 2) + 79 & ~63);
  let from = x.address;
  for (let r = 0; r < t; r++, from += x.stride) {
    let row = from;
    if (pre_gamma) {
      normalize(from, n, inverse_rms(from, n, load<f32>(op.pre_epsilon.address)), pre_gamma, h);
      row = h;
    }
    const factor = inverse_rms(row, n, epsilon);
    for (let g = 0; g < gamma.rows; g++) {
      const most = normalize(row, n, factor, gamma.address + <usize> g * gamma.stride, y);
      const alpha = <f32> 127 / max<f32>(most, <f32> 1e-5);
      store<f32>(alphas.address + <usize> g * alphas.stride + (<usize> r << 2), alpha);
      quantize(y, n, alpha, q.address + <usize> (g * plane + r) * q.stride);
    }
  }
}

// @ts-ignore: decorator
@inline
function add_square(s: v128, v: v128): v128 {
  return f32x4.add(s, f32x4.mul(v, v));
}

/** 1 / √((Σ x²) / n + epsilon) */
function inverse_rms(x: usize, n: i32, epsilon: f32): f32 {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, i = n;
  for (; i >= 16; i -= 16, x += 64) {
    s0 = add_square(s0, v128.load(x));
    s1 = add_square(s1, v128.load(x, 16));
    s2 = add_square(s2, v128.load(x, 32));
    s3 = add_square(s3, v128.load(x, 48));
  }
  s0 = add_square(s0, load_floats(x, i));
  s1 = add_square(s1, load_floats(x + 16, i - 4));
  s2 = add_square(s2, load_floats(x + 32, i - 8));
  s3 = add_square(s3, load_floats(x + 48, i - 12));
  return <f32> 1 / sqrt<f32>(tree_sum(s0, s1, s2, s3) / <f32> n + epsilon);
}

// the sign bit; −1024 in 16 bits
const CONSTANTS: usize = memory.data<u32>([0x80000000, 0xFC00FC00]);

// @ts-ignore: decorator
@inline
function product(x: v128, r: v128, gamma: usize, y: usize): v128 {
  const v = f32x4.mul(f32x4.mul(x, r), v128.load(gamma));
  v128.store(y, v);
  return v;
}

/** y = (x·factor)·gamma, written in whole vectors; gives max|y| of the numbers. */
function normalize(x: usize, n: i32, factor: f32, gamma: usize, y: usize): f32 {
  const r = f32x4.splat(factor), sign = v128.load32_splat(CONSTANTS);
  let m0 = f32x4.splat(0), m1 = m0;
  for (; n >= 16; n -= 16, x += 64, gamma += 64, y += 64) {
    m0 = f32x4.pmax(m0, v128.andnot(product(v128.load(x), r, gamma, y), sign));
    m1 = f32x4.pmax(m1, v128.andnot(product(v128.load(x, 16), r, gamma + 16, y + 16), sign));
    m0 = f32x4.pmax(m0, v128.andnot(product(v128.load(x, 32), r, gamma + 32, y + 32), sign));
    m1 = f32x4.pmax(m1, v128.andnot(product(v128.load(x, 48), r, gamma + 48, y + 48), sign));
  }
  // past the end x counts as 0: the product is 0 or a NaN, and changes no maximum
  for (; n > 0; n -= 4, x += 16, gamma += 16, y += 16) {
    m0 = f32x4.pmax(m0, v128.andnot(product(load_floats(x, n), r, gamma, y), sign));
  }
  m0 = f32x4.pmax(m0, m1);
  m0 = f32x4.pmax(m0, v128.shuffle<i64>(m0, m0, 1, 0));
  return max(f32x4.extract_lane(m0, 0), f32x4.extract_lane(m0, 1));
}

// @ts-ignore: decorator
@inline
function truncated(y: usize, factor: v128): v128 {
  const v = f32x4.mul(v128.load(y), factor);
  return ASC_FEATURE_RELAXED_SIMD ? i32x4.relaxed_trunc_f32x4_s(v) : i32x4.trunc_sat_f32x4_s(v);
}

/** Eight codes, i16. The relaxed truncation makes 0 or −2^31 of a NaN: both become 0. */
// @ts-ignore: decorator
@inline
function codes(y: usize, factor: v128, least: v128): v128 {
  let w = i16x8.narrow_i32x4_s(truncated(y, factor), truncated(y + 16, factor));
  if (ASC_FEATURE_RELAXED_SIMD) w = v128.and(w, i16x8.gt_s(w, least));
  return i16x8.shr_s(i16x8.sub(i16x8.add(w, i16x8.shr_s(w, 15)), i16x8.splat(-1)), 1);
}

/** q = half_away(y·alpha); y is readable in vectors of 16 elements. */
function quantize(y: usize, n: i32, alpha: f32, q: usize): void {
  const factor = f32x4.splat(alpha + alpha), least = v128.load32_splat(CONSTANTS + 4);
  for (; n >= 16; n -= 16, y += 64, q += 16) {
    v128.store(q, i8x16.narrow_i16x8_s(codes(y, factor, least), codes(y + 32, factor, least)));
  }
  if (n > 0) {
    store_first(q, i8x16.narrow_i16x8_s(codes(y, factor, least), codes(y + 32, factor, least)), n);
  }
}
