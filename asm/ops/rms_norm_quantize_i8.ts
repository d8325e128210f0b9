// Row of C float32, every operation rounded, sums as in ../kernels/f32_math.ts:
//
//   h     = x, or (x·r₀)·pre_gamma, r₀ = 1 / √((Σ x²) / C + pre_epsilon)
//   y     = (h·r)·gamma,            r  = 1 / √((Σ h²) / C + epsilon)          for each gamma
//   alpha = 127 / max(max|y|, 1e-5);  q = half_away(y·alpha)                   a NaN has no part in the maximum and is 0
//
// Half away from zero: trunc(v + s), s = the float below ½ with the sign of v. With ½ itself 0.49999997 + ½ would round to 1; with s the sum
// stays below the next integer for every v below a tie, and at a tie n + ½ the exact n + 1 − 2^-25 rounds to n + 1. |v| ≤ 127·(1 + 2^-22),
// as |y| ≤ max: the truncation never saturates, and q is never −128.
import { address, columns, extent, operand, rows, scratch, stride } from "../operand";
import { load_floats, tree_sum } from "../kernels/f32_math";
import { store_first } from "../kernels/tail";

/** Two rows of float32: h and y. */
export function scratch_rms_norm_quantize_i8(context: usize): usize {
  return (<usize>columns(operand(context, 0)) << 3) + 256;
}

export function exec_rms_norm_quantize_i8(context: usize): void {
  const x = operand(context, 0), pre_gamma = address(operand(context, 1)), gamma = operand(context, 3), q = operand(context, 5), alphas = operand(context, 6);
  const n = columns(x), t = rows(x), epsilon = load<f32>(address(operand(context, 4)));
  const y = (scratch(context) + 15) & ~15, h = y + ((<usize>n << 2) + 79 & ~63);
  let from = address(x);
  for (let r = 0; r < t; r++, from += stride(x)) {
    let row = from;
    if (pre_gamma) {
      normalize(from, n, inverse_rms(from, n, load<f32>(address(operand(context, 2)))), pre_gamma, h);
      row = h;
    }
    const factor = inverse_rms(row, n, epsilon);
    for (let g = 0; g < rows(gamma); g++) {
      const most = normalize(row, n, factor, address(gamma) + <usize>g * stride(gamma), y);
      const alpha = <f32>127 / max<f32>(most, <f32>1e-5);
      store<f32>(address(alphas) + <usize>g * stride(alphas) + (<usize>r << 2), alpha);
      quantize(y, n, alpha, address(q) + <usize>(g * t + r) * stride(q));
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
  return <f32>1 / sqrt<f32>(tree_sum(s0, s1, s2, s3) / <f32>n + epsilon);
}

/** y = (x·factor)·gamma, written in whole vectors; gives max|y| of the numbers. */
function normalize(x: usize, n: i32, factor: f32, gamma: usize, y: usize): f32 {
  const r = f32x4.splat(factor);
  let m0 = f32x4.splat(0), m1 = m0, i = n;
  for (; i >= 8; i -= 8, x += 32, gamma += 32, y += 32) {
    const v0 = f32x4.mul(f32x4.mul(v128.load(x), r), v128.load(gamma)), v1 = f32x4.mul(f32x4.mul(v128.load(x, 16), r), v128.load(gamma, 16));
    v128.store(y, v0);
    v128.store(y, v1, 16);
    m0 = f32x4.pmax(m0, f32x4.abs(v0));
    m1 = f32x4.pmax(m1, f32x4.abs(v1));
  }
  for (; i > 0; i -= 4, x += 16, gamma += 16, y += 16) {
    // past the end x counts as 0: the product is 0 or a NaN, and changes no maximum
    const v = f32x4.mul(f32x4.mul(load_floats(x, i), r), v128.load(gamma));
    v128.store(y, v);
    m0 = f32x4.pmax(m0, f32x4.abs(v));
  }
  m0 = f32x4.pmax(m0, m1);
  m0 = f32x4.pmax(m0, v128.shuffle<i64>(m0, m0, 1, 0));
  return max(f32x4.extract_lane(m0, 0), f32x4.extract_lane(m0, 1));
}

// the float below ½; the sign bit
const HALF: usize = memory.data<u32>([0x3EFFFFFF, 0x80000000]);

// @ts-ignore: decorator
@inline
function code(y: usize, alpha: v128, half: v128, sign: v128): v128 {
  const v = f32x4.mul(v128.load(y), alpha);
  const w = f32x4.add(v, v128.or(half, v128.and(v, sign)));
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_trunc_f32x4_s(v128.and(w, f32x4.eq(w, w)));
  return i32x4.trunc_sat_f32x4_s(w);
}

/** q = half_away(y·alpha); y is readable in vectors of 16 elements. */
function quantize(y: usize, n: i32, factor: f32, q: usize): void {
  const alpha = f32x4.splat(factor), half = v128.load32_splat(HALF), sign = v128.load32_splat(HALF + 4);
  for (; n > 0; n -= 16, y += 64, q += 16) {
    const a = i16x8.narrow_i32x4_s(code(y, alpha, half, sign), code(y + 16, alpha, half, sign));
    const b = i16x8.narrow_i32x4_s(code(y + 32, alpha, half, sign), code(y + 48, alpha, half, sign));
    const codes = i8x16.narrow_i16x8_s(a, b);
    if (n >= 16) v128.store(q, codes);
    else store_first(q, codes, n);
  }
}
