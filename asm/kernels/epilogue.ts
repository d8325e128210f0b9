// Epilogue of the integer GEMMs: what happens to an i32 accumulator before it is stored.
//
//   z  = acc + bias[c]                                  (i32; bias optional)
//   OUT_I32   y = z
//   OUT_F32   y = fl32(fl32(z) · scale[c])
//   OUT_I8/16 r = clamp(round(z · m[c] / 2^e[c]) + zero)
//             then, if `identity`:  r16 = clamp16 of the line above, and
//                      y = clamp(RNE(r16 · m2 / 2^e2) + RNE(identity · m3 / 2^e3))
//             then, if `table` (OUT_I8 only): y = table[y + 128]
//   OUT_SHIFTED: 64-bit integers, epilogue_shifted.ts
//
// Exactness: bit-exact against the definition (`rounded` in integer.ts) for every i32 z and m and every e. Proof of
// the f64 path. M = m·2^-e is an f64 without rounding (31 bits; e ≤ 62, else the result is 0 and M is set to 0).
// Let t = z·M exactly and s = fl64(t). Every half-integer tie point k+½ with |k| < 2^52 is an f64, and rounding is monotone, so
// t < k+½ gives s ≤ k+½ and t > k+½ gives s ≥ k+½, and t = k+½ gives s = t. Hence RNE(s) = RNE(t) unless s is a tie and t is not,
// for which s ≠ t, so |z·m| ≥ 2^53.
//   FAST: for each channel Zsat = ⌈(L + 2 + |zero|) / |M|⌉, L = 2^15, or 2^7 for i8 without residual: any |z| ≥ Zsat saturates the
//     clamp, so clamping z to ±Zsat changes nothing. If Zsat < 2^22 in the whole panel, |z·m| < 2^22·2^31 = 2^53 and s = t: no check.
//     There |s| ≤ L + 3 + |zero| + |M| < 2^31, and adding 1.5·2^52 rounds half to even and leaves the integer in the low 32 bits.
//   CHECKED: d = s − nearest(s) is exact; if any |d| = ½ the vector is computed again by the definition.
//     s is limited to ±2^20 after rounding (far outside every clamp) before the conversion.
// The residual stage is exact: |r16·m2| ≤ 2^46 and the sum of both rounded arms is below 2^47. Where both multipliers are below 2^14,
// each arm fits i32 and the low words are added; else the sum is taken in f64.
// Roundings other than half to even take the scalar path: they serve conformance, not speed.
// Floats in *: exact, proof below.

import { HOLDS_LINEAR_I16, HOLDS_LINEAR_I8 } from "../generated/held";
import { upper } from "./lanes";
import { high_of_power, limit_of, times_power } from "./multipliers";

/** Type of y. */
export const OUT_I32: i32 = 0,
  OUT_I8: i32 = 1,
  OUT_I16: i32 = 2,
  OUT_F32: i32 = 3,
  OUT_SHIFTED: i32 = 4;
/** Descriptor, filled by the caller; every pointer field may be 0 where the text above says optional. */
// @ts-ignore: decorator
@unmanaged
export class Epilogue {
  /** OUT_*. */
  out: i32;
  /** How z·m/2^e is rounded: the `rounding` attribute. */
  rounding: i32;
  /** i32[n], or 0. */
  bias: usize;
  /** i32[n] if per_channel, else i32[1]. */
  m: usize;
  /** i32[n] if per_channel, else i32[1]; e < 1 counts as 1, e > 62 gives 0. */
  e: usize;
  /** 1: m, e and scale have n entries; 0: one. */
  per_channel: i32;
  /** Zero point added after the first rounding, |zero| ≤ 2^16. */
  zero: i32;
  /** f32[n] or f32[1] (OUT_F32). */
  scale: usize;
  /** 256 bytes, or 0 (OUT_I8). */
  table: usize;
  /** Residual operand, same rows and columns as y, or 0. */
  identity: usize;
  /** Bytes between its rows. */
  identity_stride: usize;
  /** OUT_I8 or OUT_I16. */
  identity_type: i32;
  /** Multipliers of the residual stage. */
  m2: i32;
  e2: i32;
  m3: i32;
  e3: i32;
  /** OUT_SHIFTED, of which `e` is a `Shift`: what is added, i32 in rows of one or n; bytes between rows, 0 for one row or none. */
  addend: usize;
  addend_wide: bool;
  addend_stride: usize;
  /** Least and largest y, and bytes of it. */
  low: i32;
  high: i32;
  bytes: usize;
}

// One record a panel of 8 channels, built at each call: bias i32[8], Zsat i32[8], M f64[8] (or scale f32[8]), flag FAST.
export const RECORD: usize = 144, R_ZSAT: usize = 32, R_M: usize = 64, R_FAST: usize = 128;
// limit of Zsat
const MOST: usize = memory.data<f64>([4194303.0], 8);
/** Tail panels go through this much scratch. */
const TEMPORARY: usize = 96;

/** Bytes of scratch for n columns. */
export function epilogue_scratch(n: i32): usize {
  return <usize> ((n + 7) >> 3) * RECORD + TEMPORARY;
}

/** Writes one record for four channels at `at` (bias, Zsat) and `to` (M); gives the lanes that forbid FAST. */
// @ts-ignore: decorator
@inline
function record4(at: usize, to: usize, m: v128, e: v128, limit: v128, most: v128): v128 {
  const zero = i32x4.splat(0);
  const high = high_of_power(e);
  const m0 = times_power(m, v128.shuffle<i32>(zero, high, 0, 4, 1, 5)),
    m1 = times_power(upper(m), v128.shuffle<i32>(zero, high, 2, 6, 3, 7));
  v128.store(to, m0);
  v128.store(to, m1, 16);
  const z0 = limit_of(limit, m0), z1 = limit_of(limit, m1);
  v128.store(
    at,
    v128.shuffle<i64>(
      i32x4.trunc_sat_f64x2_s_zero(f64x2.min(z0, most)),
      i32x4.trunc_sat_f64x2_s_zero(f64x2.min(z1, most)),
      0,
      2,
    ),
    R_ZSAT,
  );
  return v128.or(
    v128.and(f64x2.gt(z0, most), f64x2.ne(m0, zero)),
    v128.and(f64x2.gt(z1, most), f64x2.ne(m1, zero)),
  );
}

/** Eight entries of a per-channel array from channel c on: a copy padded with 0 where fewer are left. */
function eight(array: usize, c: i32, n: i32, temporary: usize): usize {
  const p = array + (<usize> c << 2);
  if (c + 8 <= n) return p;
  v128.store(temporary, i32x4.splat(0));
  v128.store(temporary, i32x4.splat(0), 16);
  copy_bytes(temporary, p, <usize> (n - c) << 2);
  return temporary;
}

/** Builds the channel records. Call once, before the panels. */
export function epilogue_prepare(ep: Epilogue, n: i32, scratch: usize): void {
  if (HOLDS_LINEAR_I8 || HOLDS_LINEAR_I16) {
    if (ep.out != OUT_SHIFTED) prepare_records(ep, n, scratch);
  }
}

function prepare_records(ep: Epilogue, n: i32, scratch: usize): void {
  const temporary = scratch + <usize> ((n + 7) >> 3) * RECORD;
  const wide = ep.out != OUT_I8 || ep.identity != 0;
  const limit = f64x2.splat(<f64> ((wide ? 32770 : 130) + abs(ep.zero))),
    most = v128.load64_splat(MOST);
  for (let c = 0; c < n; c += 8, scratch += RECORD) {
    let b0 = i32x4.splat(0), b1 = b0;
    if (ep.bias) {
      const p = eight(ep.bias, c, n, temporary);
      b0 = v128.load(p), b1 = v128.load(p, 16);
    }
    v128.store(scratch, b0);
    v128.store(scratch, b1, 16);
    if (ep.out == OUT_F32) {
      const p = ep.per_channel ? eight(ep.scale, c, n, temporary) : 0;
      v128.store(scratch, p ? v128.load(p) : v128.load32_splat(ep.scale), R_M);
      v128.store(scratch, p ? v128.load(p, 16) : v128.load32_splat(ep.scale), R_M + 16);
    } else if (ep.out != OUT_I32) {
      let m0: v128, m1: v128, e0: v128, e1: v128;
      if (ep.per_channel) {
        const m = eight(ep.m, c, n, temporary), e = eight(ep.e, c, n, temporary + 32);
        m0 = v128.load(m), m1 = v128.load(m, 16), e0 = v128.load(e), e1 = v128.load(e, 16);
      } else {
        m0 = v128.load32_splat(ep.m), e0 = v128.load32_splat(ep.e);
        m1 = m0, e1 = e0;
      }
      const slow = v128.or(
        record4(scratch, scratch + R_M, m0, e0, limit, most),
        record4(scratch + 16, scratch + R_M + 32, m1, e1, limit, most),
      );
      store<i32>(scratch, i32(!v128.any_true(slow)), R_FAST);
    }
  }
}

/** Not inlined: it is for tails. */
export function copy_bytes(to: usize, from: usize, count: usize): void {
  for (let i: usize = 0; i < count; i++) store<u8>(to + i, load<u8>(from + i));
}
