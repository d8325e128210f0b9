// σ(x) = 1 / (1 + e^−b), silu(x) = b / (1 + e^−b), b = max(x, −88), because e^89 has no float32. A NaN gives a NaN. Measured by
// bench/kernels/float32_error.ts on 3·10^6 points of each range: σ ≤ 2.42 ulp on −87.33 … 0, ≤ 1.50 ulp on 0 … 20; SiLU ≤ 2.36 and
// ≤ 1.50 ulp. Below, the results are less than 6·10^-39 and 6·10^-37 in size.
//
// e^−b has the bits of exp_f32(−b) with fewer operations, and vector operations are what the time goes into:
//   − r = −q, so that sums become differences, which round alike, and −b is never formed.
//   − b is cut at 87.33 instead of setting e^−b to 0: from b = 17 on, 1 + e^−b is 1 anyway.
//   − 2^n is added to the exponent where the numerator keeps a NaN that this could lose: n ≥ −126, and an e^−b that would be
//     subnormal vanishes beside the 1.
// Two vectors go side by side: the operations of one wait for each other, and the processor looks ahead only so far. Reads pass the
// end of a row by up to 28 bytes (guard bytes), writes do not.
import { EXP } from "./f32_math";
import { store_words } from "./tail";

// the least and the most that b is
const LIMITS: usize = memory.data<f32>([-88, 87.33], 16);

/** n elements of y = silu(x), times other where it is not 0, times (other·factor)·gamma where gamma is not 0. y may be x. */
export function silu_row_f32(
  x: usize,
  other: usize,
  gamma: usize,
  factor: f32,
  y: usize,
  n: i32,
): void {
  const factors = f32x4.splat(factor);
  const least = v128.load32_splat(LIMITS), most = v128.load32_splat(LIMITS + 4);
  const log2e = v128.load32_splat(EXP),
    high = v128.load32_splat(EXP + 4),
    low = v128.load32_splat(EXP + 8);
  const magic = v128.load32_splat(EXP + 16), one = v128.load32_splat(EXP + 20);
  const e4 = v128.load32_splat(EXP + 24),
    e3 = v128.load32_splat(EXP + 28),
    e2 = v128.load32_splat(EXP + 32);
  const e1 = v128.load32_splat(EXP + 36), e0 = v128.load32_splat(EXP + 40);
  for (let i = 0; i < n; i += 8) {
    const at = <usize> i << 2;
    const b0 = f32x4.pmax(v128.load(x + at), least), b1 = f32x4.pmax(v128.load(x + at, 16), least);
    const c0 = f32x4.pmin(b0, most), c1 = f32x4.pmin(b1, most);
    const s0 = f32x4.sub(magic, f32x4.mul(c0, log2e)), s1 = f32x4.sub(magic, f32x4.mul(c1, log2e));
    const n0 = f32x4.sub(s0, magic), n1 = f32x4.sub(s1, magic);
    let q0 = f32x4.add(c0, f32x4.mul(n0, high)), q1 = f32x4.add(c1, f32x4.mul(n1, high));
    q0 = f32x4.add(q0, f32x4.mul(n0, low)), q1 = f32x4.add(q1, f32x4.mul(n1, low));
    let p0 = f32x4.sub(e3, f32x4.mul(e4, q0)), p1 = f32x4.sub(e3, f32x4.mul(e4, q1));
    p0 = f32x4.sub(e2, f32x4.mul(p0, q0)), p1 = f32x4.sub(e2, f32x4.mul(p1, q1));
    p0 = f32x4.sub(e1, f32x4.mul(p0, q0)), p1 = f32x4.sub(e1, f32x4.mul(p1, q1));
    p0 = f32x4.sub(e0, f32x4.mul(p0, q0)), p1 = f32x4.sub(e0, f32x4.mul(p1, q1));
    p0 = f32x4.mul(p0, f32x4.mul(q0, q0)), p1 = f32x4.mul(p1, f32x4.mul(q1, q1));
    p0 = f32x4.add(f32x4.sub(p0, q0), one), p1 = f32x4.add(f32x4.sub(p1, q1), one);
    // A NaN may be lost here, but not from b.
    p0 = f32x4.add(i32x4.add(p0, i32x4.shl(s0, 23)), one),
      p1 = f32x4.add(i32x4.add(p1, i32x4.shl(s1, 23)), one);
    p0 = f32x4.div(b0, p0), p1 = f32x4.div(b1, p1);
    if (other) {
      let o0 = v128.load(other + at), o1 = v128.load(other + at, 16);
      if (gamma) {
        o0 = f32x4.mul(f32x4.mul(o0, factors), v128.load(gamma + at));
        o1 = f32x4.mul(f32x4.mul(o1, factors), v128.load(gamma + at, 16));
      }
      p0 = f32x4.mul(p0, o0), p1 = f32x4.mul(p1, o1);
    }
    store_words(y + at, p0, n - i);
    if (n - i > 4) store_words(y + at + 16, p1, n - i - 4);
  }
}

/**
 * One token of the recurrence of HGRN, n channels; `bounds` is 0 without a lower bound:
 *
 *   f = σ(z), or bound + (1 − bound)·σ(z);  y = f·before + (u·(1 − f)) / (1 + e^−u)
 */
export function hgrn_row_f32(
  u: usize,
  z: usize,
  bounds: usize,
  before: usize,
  y: usize,
  n: i32,
): void {
  const least = v128.load32_splat(LIMITS), most = v128.load32_splat(LIMITS + 4);
  const log2e = v128.load32_splat(EXP),
    high = v128.load32_splat(EXP + 4),
    low = v128.load32_splat(EXP + 8);
  const magic = v128.load32_splat(EXP + 16), one = v128.load32_splat(EXP + 20);
  const e4 = v128.load32_splat(EXP + 24),
    e3 = v128.load32_splat(EXP + 28),
    e2 = v128.load32_splat(EXP + 32);
  const e1 = v128.load32_splat(EXP + 36), e0 = v128.load32_splat(EXP + 40);
  for (let i = 0; i < n; i += 4) {
    const at = <usize> i << 2;
    const b0 = f32x4.pmax(v128.load(z + at), least), b1 = f32x4.pmax(v128.load(u + at), least);
    const c0 = f32x4.pmin(b0, most), c1 = f32x4.pmin(b1, most);
    const s0 = f32x4.sub(magic, f32x4.mul(c0, log2e)), s1 = f32x4.sub(magic, f32x4.mul(c1, log2e));
    const n0 = f32x4.sub(s0, magic), n1 = f32x4.sub(s1, magic);
    let q0 = f32x4.add(c0, f32x4.mul(n0, high)), q1 = f32x4.add(c1, f32x4.mul(n1, high));
    q0 = f32x4.add(q0, f32x4.mul(n0, low)), q1 = f32x4.add(q1, f32x4.mul(n1, low));
    let p0 = f32x4.sub(e3, f32x4.mul(e4, q0)), p1 = f32x4.sub(e3, f32x4.mul(e4, q1));
    p0 = f32x4.sub(e2, f32x4.mul(p0, q0)), p1 = f32x4.sub(e2, f32x4.mul(p1, q1));
    p0 = f32x4.sub(e1, f32x4.mul(p0, q0)), p1 = f32x4.sub(e1, f32x4.mul(p1, q1));
    p0 = f32x4.sub(e0, f32x4.mul(p0, q0)), p1 = f32x4.sub(e0, f32x4.mul(p1, q1));
    p0 = f32x4.mul(p0, f32x4.mul(q0, q0)), p1 = f32x4.mul(p1, f32x4.mul(q1, q1));
    p0 = f32x4.add(f32x4.sub(p0, q0), one), p1 = f32x4.add(f32x4.sub(p1, q1), one);
    p0 = f32x4.mul(p0, i32x4.add(i32x4.shl(s0, 23), one)), p1 = i32x4.add(p1, i32x4.shl(s1, 23));
    let f = f32x4.div(one, f32x4.add(p0, one));
    if (bounds) {
      const bound = v128.load(bounds + at);
      f = f32x4.add(bound, f32x4.mul(f32x4.sub(one, bound), f));
    }
    const candidate = f32x4.div(f32x4.mul(b1, f32x4.sub(one, f)), f32x4.add(p1, one));
    store_words(y + at, f32x4.add(f32x4.mul(f, v128.load(before + at)), candidate), n - i);
  }
}
