// Epilogue of the integer GEMMs: what happens to an i32 accumulator before it is stored.
//
//   z  = acc + bias[c]                                  (i32; bias optional)
//   OUT_I32   y = z
//   OUT_F32   y = fl32(fl32(z) · scale[c])
//   OUT_I8/16 r = clamp(round(z · m[c] / 2^e[c]) + zero)
//             then, if `identity`:  r16 = clamp16 of the line above, and
//                      y = clamp(RNE(r16 · m2 / 2^e2) + RNE(identity · m3 / 2^e3))
//             then, if `table` (OUT_I8 only): y = table[y + 128]
//
// Exactness: bit-exact against `requantize_i64`, the integer definition (../spec/ivit.md §1.4), for every i32 z and m and every
// e ≥ 1. Proof of the f64 path. M = m·2^-e is an f64 without rounding (31 bits; e ≤ 62, else the result is 0 and M is set to 0).
// Let t = z·M exactly and s = fl64(t). Every half-integer tie point k+½ with |k| < 2^52 is an f64, and rounding is monotone, so
// t < k+½ gives s ≤ k+½ and t > k+½ gives s ≥ k+½, and t = k+½ gives s = t. Hence RNE(s) = RNE(t) unless s is a tie and t is not,
// for which s ≠ t, so |z·m| ≥ 2^53.
//   FAST: for each channel Zsat = ⌈(2^15 + |zero| + 2) / |M|⌉: any |z| ≥ Zsat saturates the i16 clamp, so clamping z to ±Zsat
//     changes nothing. If Zsat < 2^22 in the whole panel, |z·m| ≤ 2^22·2^31 = 2^53 and s = t. No check. There |s| ≤ 2^15+|zero|+2+|M|
//     ≤ 2^31, and adding 1.5·2^52 rounds half to even and leaves the integer in the low 32 bits.
//   CHECKED: d = s − nearest(s) is exact; if any |d| = ½ the vector is computed again by `requantize_i64`.
//     s is limited to ±2^20 after rounding (far outside every clamp) before the conversion.
// The residual stage is exact: |r16·m2| ≤ 2^46 and the sum of both rounded arms is below 2^47.
// Roundings other than half to even take the scalar path: they serve conformance, not speed.

/** Type of y. */
export const OUT_I32: i32 = 0, OUT_I8: i32 = 1, OUT_I16: i32 = 2, OUT_F32: i32 = 3;
/** Rounding of z·m/2^e. GEMMLOWP is CMSIS-NN's arm_nn_requantize with shift 31−e: a doubling high multiply rounded half up, then a
 * rounding shift, half away from zero. */
export const HALF_EVEN: i32 = 0, HALF_UP: i32 = 1, HALF_AWAY: i32 = 2, GEMMLOWP: i32 = 3;

/** Descriptor, filled by the caller; every pointer field may be 0 where the text above says optional. */
// @ts-ignore: decorator
@unmanaged export class Epilogue {
  /** OUT_*. */
  out: i32;
  /** HALF_EVEN … GEMMLOWP. */
  rounding: i32;
  /** i32[n], or 0. */
  bias: usize;
  /** i32[n] if per_channel, else i32[1]. */
  m: usize;
  /** i32[n] if per_channel, else i32[1]; 1 ≤ e, and e > 62 gives 0. */
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
}

// One record a panel of 8 channels, built at each call: bias i32[8], Zsat i32[8], M f64[8], flag FAST.
const RECORD: usize = 144, R_ZSAT: usize = 32, R_M: usize = 64, R_FAST: usize = 128;
// 1.5·2^52; the limit of CHECKED and of the residual stage; ½; sign-less mask
const CONSTANTS: usize = memory.data<f64>([6755399441055744.0, 1048576.0, -1048576.0, 0.5], 16);

/** Bytes of scratch for n columns. */
export function epilogue_scratch(n: i32): usize {
  return <usize>((n + 7) >> 3) * RECORD + 64;
}

/** The definition: round(z·m / 2^e), saturated to i32. Exact for all i32 z, m and e ≥ 1; 0 for e > 62. */
export function requantize_i64(z: i32, m: i32, e: i32, rounding: i32): i32 {
  if (e > 62) return 0;
  const p = <i64>z * <i64>m;
  const half = <i64>1 << (e - 1);
  let r: i64;
  if (rounding == HALF_EVEN) r = (p + half - 1 + ((p >> e) & 1)) >> e;
  else if (rounding == HALF_UP) r = (p + half) >> e;
  else if (rounding == HALF_AWAY) r = p < 0 ? -((half - p) >> e) : (p + half) >> e;
  else {
    const shift = 31 - e;
    const high = <i32>((<i64>(z << max(shift, 0)) * <i64>m + (1 << 30)) >> 31);
    const right = max(-shift, 0);
    const mask = <i32>(((<i64>1 << right) - 1));
    r = <i64>((high >> right) + i32((high & mask) > (mask >> 1) + i32(high < 0)));
  }
  return <i32>min<i64>(max<i64>(r, <i64>i32.MIN_VALUE), <i64>i32.MAX_VALUE);
}

/** m·2^-e, exact. */
// @ts-ignore: decorator
@inline function multiplier(m: i32, e: i32): f64 {
  return e > 62 ? 0 : <f64>m * reinterpret<f64>(<i64>(1023 - e) << 52);
}

/** Builds the channel records for `rows` rows (few rows skip the search for FAST). Call once, before the panels. */
export function epilogue_prepare(ep: Epilogue, n: i32, rows: i32, scratch: usize): void {
  const panels = (n + 7) >> 3;
  const limit = <f64>(32770 + abs(ep.zero));
  for (let j = 0; j < panels; j++, scratch += RECORD) {
    let fast = rows >= 8;
    for (let i = 0; i < 8; i++) {
      const c = j * 8 + i, at = scratch + (<usize>i << 2);
      let bias = 0, zsat = 1;
      let mul: f64 = 0;
      if (c < n) {
        if (ep.bias) bias = load<i32>(ep.bias + (<usize>c << 2));
        if (ep.out == OUT_I8 || ep.out == OUT_I16) {
          const at = ep.per_channel ? <usize>c << 2 : 0;
          mul = multiplier(load<i32>(ep.m + at), load<i32>(ep.e + at));
          if (fast && mul != 0) {
            const t = Math.ceil(limit / Math.abs(mul));
            if (t < 4194304) zsat = <i32>t;
            else fast = false;
          }
        } else if (ep.out == OUT_F32) {
          mul = <f64>load<f32>(ep.scale + (ep.per_channel ? <usize>c << 2 : 0));
        }
      }
      store<i32>(at, bias);
      if (ep.out == OUT_F32) store<f32>(at, <f32>mul, R_M);
      else store<f64>(scratch + (<usize>i << 3), mul, R_M);
      store<i32>(at, zsat, R_ZSAT);
    }
    store<i32>(scratch, i32(fast), R_FAST);
  }
}

// @ts-ignore: decorator
@inline function low_words(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 2, 4, 6);
}

// @ts-ignore: decorator
@inline function upper(v: v128): v128 {
  return v128.shuffle<i64>(v, v, 1, 0);
}

// @ts-ignore: decorator
@inline function limited(s: v128, hi: v128, lo: v128): v128 {
  return f64x2.pmin(hi, f64x2.pmax(lo, s));
}

// @ts-ignore: decorator
@inline function is_tie(s: v128, r: v128, half: v128): v128 {
  return f64x2.eq(f64x2.abs(f64x2.sub(s, r)), half);
}

/** Four lanes by the definition. */
function requantize_lanes(z: v128, m: usize, e: usize, step: usize, rounding: i32): v128 {
  const r0 = requantize_i64(i32x4.extract_lane(z, 0), load<i32>(m), load<i32>(e), rounding);
  const r1 = requantize_i64(i32x4.extract_lane(z, 1), load<i32>(m + step), load<i32>(e + step), rounding);
  const r2 = requantize_i64(i32x4.extract_lane(z, 2), load<i32>(m + 2 * step), load<i32>(e + 2 * step), rounding);
  const r3 = requantize_i64(i32x4.extract_lane(z, 3), load<i32>(m + 3 * step), load<i32>(e + 3 * step), rounding);
  let v = i32x4.splat(r0);
  v = i32x4.replace_lane(v, 1, r1);
  v = i32x4.replace_lane(v, 2, r2);
  v = i32x4.replace_lane(v, 3, r3);
  // keeps the sum with `zero` inside i32; far outside the clamp
  return i32x4.max_s(i32x4.min_s(v, i32x4.splat(1 << 20)), i32x4.splat(-(1 << 20)));
}

/** Both vectors of a row by the definition. Lanes past column n read the channel table's last entries: never stored. */
function requantize_row(ep: Epilogue, z0: v128, z1: v128, j: i32, n: i32, low: bool): v128 {
  const step: usize = ep.per_channel ? 4 : 0;
  const first = <usize>(j * 8 + (low ? 0 : 4));
  // a tail panel is evaluated channel by channel so that nothing past m[n] is read
  const z = low ? z0 : z1;
  if (!ep.per_channel || first + 4 <= <usize>n) return requantize_lanes(z, ep.m + first * step, ep.e + first * step, step, ep.rounding);
  let v = i32x4.splat(0);
  const lim = 1 << 20;
  if (first < <usize>n) v = i32x4.replace_lane(v, 0, min(max(requantize_i64(i32x4.extract_lane(z, 0), load<i32>(ep.m + first * 4), load<i32>(ep.e + first * 4), ep.rounding), -lim), lim));
  if (first + 1 < <usize>n) v = i32x4.replace_lane(v, 1, min(max(requantize_i64(i32x4.extract_lane(z, 1), load<i32>(ep.m + first * 4, 4), load<i32>(ep.e + first * 4, 4), ep.rounding), -lim), lim));
  if (first + 2 < <usize>n) v = i32x4.replace_lane(v, 2, min(max(requantize_i64(i32x4.extract_lane(z, 2), load<i32>(ep.m + first * 4, 8), load<i32>(ep.e + first * 4, 8), ep.rounding), -lim), lim));
  return v;
}

// @ts-ignore: decorator
@inline function copy_bytes(to: usize, from: usize, count: usize): void {
  for (let i: usize = 0; i < count; i++) store<u8>(to + i, load<u8>(from + i));
}

/** Eight bytes through the 256-byte table. */
// @ts-ignore: decorator
@inline function lookup8(table: usize, codes: i64, to: usize): void {
  const w = codes ^ 0x8080808080808080;
  store<u8>(to, load<u8>(table + <usize>(w & 255)));
  store<u8>(to, load<u8>(table + <usize>((w >> 8) & 255)), 1);
  store<u8>(to, load<u8>(table + <usize>((w >> 16) & 255)), 2);
  store<u8>(to, load<u8>(table + <usize>((w >> 24) & 255)), 3);
  store<u8>(to, load<u8>(table + <usize>((w >> 32) & 255)), 4);
  store<u8>(to, load<u8>(table + <usize>((w >> 40) & 255)), 5);
  store<u8>(to, load<u8>(table + <usize>((w >> 48) & 255)), 6);
  store<u8>(to, load<u8>(table + <usize>((w >> 56) & 255)), 7);
}

/**
 * Finishes one panel of 8 columns.
 * @param scratch what `epilogue_prepare` filled (same n)
 * @param strip i32 [rows][8], the accumulators of columns 8j … 8j+7
 * @param y the output matrix's element (0, 0) of these rows; its row stride is `ldy` bytes. Only columns < n are written.
 * @param row index of the strip's first row in the identity matrix
 */
export function epilogue_panel(ep: Epilogue, scratch: usize, j: i32, strip: usize, rows: i32, n: i32, y: usize, ldy: usize, row: i32): void {
  const temporary = scratch + <usize>((n + 7) >> 3) * RECORD;
  const record = scratch + <usize>j * RECORD;
  const out = ep.out;
  const shift: usize = out == OUT_I8 ? 0 : out == OUT_I16 ? 1 : 2;
  const columns = min(8, n - j * 8);
  const tail = columns < 8;
  const bytes = <usize>columns << shift;
  y += (<usize>j * 8) << shift;
  const b0 = v128.load(record), b1 = v128.load(record, 16);
  const end = strip + (<usize>rows << 5);

  if (out == OUT_I32 || out == OUT_F32) {
    const s0 = v128.load(record, R_M), s1 = v128.load(record, R_M + 16);
    for (; strip < end; strip += 32, y += ldy) {
      let z0 = i32x4.add(v128.load(strip), b0), z1 = i32x4.add(v128.load(strip, 16), b1);
      if (out == OUT_F32) {
        z0 = f32x4.mul(f32x4.convert_i32x4_s(z0), s0);
        z1 = f32x4.mul(f32x4.convert_i32x4_s(z1), s1);
      }
      const to = tail ? temporary : y;
      v128.store(to, z0);
      v128.store(to, z1, 16);
      if (tail) copy_bytes(y, temporary, bytes);
    }
    return;
  }

  const magic = v128.load64_splat(CONSTANTS);
  const m0 = v128.load(record, R_M), m1 = v128.load(record, R_M + 16), m2 = v128.load(record, R_M + 32), m3 = v128.load(record, R_M + 48);
  const zero = i32x4.splat(ep.zero);
  const exact = ep.rounding == HALF_EVEN;
  const fast = exact && load<i32>(record, R_FAST) != 0;

  if (fast && !ep.identity) {
    const hi0 = v128.load(record, R_ZSAT), hi1 = v128.load(record, R_ZSAT + 16);
    const lo0 = i32x4.neg(hi0), lo1 = i32x4.neg(hi1);
    const table = ep.table;
    for (; strip < end; strip += 32, y += ldy) {
      const z0 = i32x4.max_s(i32x4.min_s(i32x4.add(v128.load(strip), b0), hi0), lo0);
      const z1 = i32x4.max_s(i32x4.min_s(i32x4.add(v128.load(strip, 16), b1), hi1), lo1);
      const q = i16x8.narrow_i32x4_s(
        i32x4.add(zero, low_words(
          f64x2.add(f64x2.mul(f64x2.convert_low_i32x4_s(z0), m0), magic),
          f64x2.add(f64x2.mul(f64x2.convert_low_i32x4_s(upper(z0)), m1), magic),
        )),
        i32x4.add(zero, low_words(
          f64x2.add(f64x2.mul(f64x2.convert_low_i32x4_s(z1), m2), magic),
          f64x2.add(f64x2.mul(f64x2.convert_low_i32x4_s(upper(z1)), m3), magic),
        )),
      );
      const to = tail ? temporary : y;
      if (out == OUT_I16) v128.store(to, q);
      else if (table) lookup8(table, i64x2.extract_lane(i8x16.narrow_i16x8_s(q, q), 0), to);
      else v128.store64_lane(to, i8x16.narrow_i16x8_s(q, q), 0);
      if (tail) copy_bytes(y, temporary, bytes);
    }
    return;
  }

  const hi = v128.load64_splat(CONSTANTS + 8), lo = v128.load64_splat(CONSTANTS + 16), half = v128.load64_splat(CONSTANTS + 24);
  const ma = f64x2.splat(multiplier(ep.m2, ep.e2)), mb = f64x2.splat(multiplier(ep.m3, ep.e3));
  const wide: usize = ep.identity_type == OUT_I16 ? 1 : 0;
  let identity = ep.identity;
  if (identity) identity += <usize>row * ep.identity_stride + ((<usize>j * 8) << wide);
  for (; strip < end; strip += 32, y += ldy) {
    const z0 = i32x4.add(v128.load(strip), b0), z1 = i32x4.add(v128.load(strip, 16), b1);
    const s0 = f64x2.mul(f64x2.convert_low_i32x4_s(z0), m0), s1 = f64x2.mul(f64x2.convert_low_i32x4_s(upper(z0)), m1);
    const s2 = f64x2.mul(f64x2.convert_low_i32x4_s(z1), m2), s3 = f64x2.mul(f64x2.convert_low_i32x4_s(upper(z1)), m3);
    const r0 = f64x2.nearest(s0), r1 = f64x2.nearest(s1), r2 = f64x2.nearest(s2), r3 = f64x2.nearest(s3);
    let w0: v128, w1: v128;
    if (!exact || v128.any_true(v128.or(v128.or(is_tie(s0, r0, half), is_tie(s1, r1, half)), v128.or(is_tie(s2, r2, half), is_tie(s3, r3, half))))) {
      w0 = requantize_row(ep, z0, z1, j, n, true);
      w1 = requantize_row(ep, z0, z1, j, n, false);
    } else {
      w0 = low_words(f64x2.add(limited(r0, hi, lo), magic), f64x2.add(limited(r1, hi, lo), magic));
      w1 = low_words(f64x2.add(limited(r2, hi, lo), magic), f64x2.add(limited(r3, hi, lo), magic));
    }
    let q = i16x8.narrow_i32x4_s(i32x4.add(w0, zero), i32x4.add(w1, zero));
    if (identity) {
      const x = wide ? v128.load(identity) : v128.load8x8_s(identity);
      identity += ep.identity_stride;
      const q0 = i32x4.extend_low_i16x8_s(q), q1 = i32x4.extend_high_i16x8_s(q), x0 = i32x4.extend_low_i16x8_s(x), x1 = i32x4.extend_high_i16x8_s(x);
      q = i16x8.narrow_i32x4_s(
        low_words(
          f64x2.add(limited(residual(q0, x0, ma, mb), hi, lo), magic),
          f64x2.add(limited(residual(upper(q0), upper(x0), ma, mb), hi, lo), magic),
        ),
        low_words(
          f64x2.add(limited(residual(q1, x1, ma, mb), hi, lo), magic),
          f64x2.add(limited(residual(upper(q1), upper(x1), ma, mb), hi, lo), magic),
        ),
      );
    }
    const to = tail ? temporary : y;
    if (out == OUT_I16) v128.store(to, q);
    else if (ep.table) lookup8(ep.table, i64x2.extract_lane(i8x16.narrow_i16x8_s(q, q), 0), to);
    else v128.store64_lane(to, i8x16.narrow_i16x8_s(q, q), 0);
    if (tail) copy_bytes(y, temporary, bytes);
  }
}

/** Both arms of two lanes, each rounded, and their sum: integers in f64. */
// @ts-ignore: decorator
@inline function residual(q: v128, x: v128, ma: v128, mb: v128): v128 {
  return f64x2.add(f64x2.nearest(f64x2.mul(f64x2.convert_low_i32x4_s(q), ma)), f64x2.nearest(f64x2.mul(f64x2.convert_low_i32x4_s(x), mb)));
}
