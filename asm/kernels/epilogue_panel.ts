// One panel of accumulators through the epilogue; formulas and proofs: epilogue.ts.
// Floats in *: exact, proof in epilogue.ts.
import { ROUNDING_HALF_EVEN } from "../generated/attributes";
import { DTYPE_I32 } from "../generated/format";
import {
  HOLDS_LINEAR_I16,
  HOLDS_LINEAR_I8,
  HOLDS_LINEAR_W4,
  HOLDS_LINEAR_W8,
} from "../generated/held";
import {
  copy_bytes,
  Epilogue,
  OUT_F32,
  OUT_I16,
  OUT_I32,
  OUT_I8,
  OUT_SHIFTED,
  R_FAST,
  R_M,
  R_ZSAT,
  RECORD,
} from "./epilogue";
import { epilogue_shifted } from "./epilogue_shifted";
import { real_multiplier, rounded, saturate } from "./integer";
import { low_words, upper } from "./lanes";

// 1.5·2^52; the limit of CHECKED; ½
const CONSTANTS: usize = memory.data<f64>([6755399441055744.0, 1048576.0, -1048576.0, 0.5], 16);
const C_HIGH: usize = 8, C_LOW: usize = 16, C_HALF: usize = 24;

// @ts-ignore: decorator
@inline
function limited(s: v128, hi: v128, lo: v128): v128 {
  return f64x2.pmin(hi, f64x2.pmax(lo, s));
}

// @ts-ignore: decorator
@inline
function is_tie(s: v128, r: v128, half: v128): v128 {
  return f64x2.eq(f64x2.abs(f64x2.sub(s, r)), half);
}

/** Four lanes of a row by the definition; lanes past column n keep 0, so that nothing past m[n] is read. */
function requantize_four(ep: Epilogue, z: v128, c: i32, n: i32): v128 {
  const step: usize = ep.per_channel ? 4 : 0;
  let m = ep.m + <usize> c * step, e = ep.e + <usize> c * step, v = i32x4.splat(0);
  for (let i = 0; i < 4; i++, m += step, e += step) {
    const r = c + i < n
      ? saturate(
        rounded(i32x4.extract_lane(z, 0), load<i32>(m), load<i32>(e), ep.rounding),
        DTYPE_I32,
      )
      : 0;
    z = v128.shuffle<i32>(z, z, 1, 2, 3, 0);
    v = v128.shuffle<i32>(v, i32x4.splat(r), 1, 2, 3, 4);
  }
  // keeps the sum with `zero` inside i32; far outside the clamp
  return i32x4.max_s(i32x4.min_s(v, i32x4.splat(1 << 20)), i32x4.splat(-(1 << 20)));
}

/** Eight bytes through the 256-byte table. */
// @ts-ignore: decorator
@inline
function lookup8(table: usize, codes: i64, to: usize): void {
  const w = codes ^ 0x8080808080808080;
  store<u8>(to, load<u8>(table + <usize> (w & 255)));
  store<u8>(to, load<u8>(table + <usize> ((w >> 8) & 255)), 1);
  store<u8>(to, load<u8>(table + <usize> ((w >> 16) & 255)), 2);
  store<u8>(to, load<u8>(table + <usize> ((w >> 24) & 255)), 3);
  store<u8>(to, load<u8>(table + <usize> ((w >> 32) & 255)), 4);
  store<u8>(to, load<u8>(table + <usize> ((w >> 40) & 255)), 5);
  store<u8>(to, load<u8>(table + <usize> ((w >> 48) & 255)), 6);
  store<u8>(to, load<u8>(table + <usize> ((w >> 56) & 255)), 7);
}

/** Eight i16 as the output's type. */
// @ts-ignore: decorator
@inline
function store8(to: usize, q: v128, out: i32, table: usize): void {
  if (out == OUT_I16) v128.store(to, q);
  else if (table) lookup8(table, i64x2.extract_lane(i8x16.narrow_i16x8_s(q, q), 0), to);
  else v128.store64_lane(to, i8x16.narrow_i16x8_s(q, q), 0);
}

/** Low words of round(z·M) for four lanes by the magic addition. */
// @ts-ignore: decorator
@inline
function scaled(z: v128, m0: v128, m1: v128, magic: v128): v128 {
  return low_words(
    f64x2.add(f64x2.mul(f64x2.convert_low_i32x4_s(z), m0), magic),
    f64x2.add(f64x2.mul(f64x2.convert_low_i32x4_s(upper(z)), m1), magic),
  );
}

/**
 * Finishes one panel of 8 columns.
 * @param scratch what `epilogue_prepare` filled (same n)
 * @param strip i32 [rows][8], the accumulators of columns 8j … 8j+7
 * @param y the output matrix's element (0, 0) of these rows; its row stride is `ldy` bytes. Only columns < n are written.
 * @param row index of the strip's first row in the identity matrix
 */
export function epilogue_panel(
  ep: Epilogue,
  scratch: usize,
  j: i32,
  strip: usize,
  rows: i32,
  n: i32,
  y: usize,
  ldy: usize,
  row: i32,
): void {
  if (HOLDS_LINEAR_W8 || HOLDS_LINEAR_W4) {
    if (ep.out == OUT_SHIFTED) {
      epilogue_shifted(ep, j, 1, strip, 0, rows, n, y, ldy, row);
      return;
    }
  }
  if (HOLDS_LINEAR_I8 || HOLDS_LINEAR_I16) {
    panel_of_records(ep, scratch, j, strip, rows, n, y, ldy, row);
  }
}

/** All panels of OUT_SHIFTED, i32 [panels][rows][8]. */
export function epilogue_panels(
  ep: Epilogue,
  strip: usize,
  rows: i32,
  n: i32,
  y: usize,
  ldy: usize,
): void {
  if (HOLDS_LINEAR_W8 || HOLDS_LINEAR_W4) {
    epilogue_shifted(ep, 0, (n + 7) >> 3, strip, <usize> rows << 5, rows, n, y, ldy, 0);
  }
}

function panel_of_records(
  ep: Epilogue,
  scratch: usize,
  j: i32,
  strip: usize,
  rows: i32,
  n: i32,
  y: usize,
  ldy: usize,
  row: i32,
): void {
  const temporary = scratch + <usize> ((n + 7) >> 3) * RECORD,
    record = scratch + <usize> j * RECORD;
  const out = ep.out, c = j << 3, end = strip + (<usize> rows << 5);
  const shift = out == OUT_I8 ? 0 : out == OUT_I16 ? 1 : 2;
  const tail = c + 8 > n ? <usize> (n - c) << shift : 0;
  y += <usize> c << shift;
  if (out == OUT_I32 || out == OUT_F32) {
    panel_plain(record, strip, end, out, y, ldy, tail, temporary);
    return;
  }
  let identity = ep.identity;
  if (identity) {
    identity += <usize> row * ep.identity_stride + (<usize> c << i32(ep.identity_type == OUT_I16));
  }
  if (
    ep.rounding != ROUNDING_HALF_EVEN || !load<i32>(record, R_FAST) || (identity && !small_arms(ep))
  ) {
    panel_checked(ep, record, strip, end, c, n, identity, y, ldy, tail, temporary);
  } else if (identity) {
    panel_residual(ep, record, strip, end, identity, y, ldy, tail, temporary);
  } else panel_fast(record, strip, end, ep.zero, out, ep.table, y, ldy, tail, temporary);
}

/** Raw accumulators, or scaled to f32. `tail`: bytes of a row if fewer than eight columns, else 0. */
function panel_plain(
  record: usize,
  strip: usize,
  end: usize,
  out: i32,
  y: usize,
  ldy: usize,
  tail: usize,
  temporary: usize,
): void {
  const b0 = v128.load(record),
    b1 = v128.load(record, 16),
    s0 = v128.load(record, R_M),
    s1 = v128.load(record, R_M + 16);
  for (; strip < end; strip += 32, y += ldy) {
    let z0 = i32x4.add(v128.load(strip), b0), z1 = i32x4.add(v128.load(strip, 16), b1);
    if (out == OUT_F32) {
      z0 = f32x4.mul(f32x4.convert_i32x4_s(z0), s0);
      z1 = f32x4.mul(f32x4.convert_i32x4_s(z1), s1);
    }
    const to = tail ? temporary : y;
    v128.store(to, z0);
    v128.store(to, z1, 16);
    if (tail) copy_bytes(y, temporary, tail);
  }
}

/** FAST, one rounding. */
function panel_fast(
  record: usize,
  strip: usize,
  end: usize,
  zero_point: i32,
  out: i32,
  table: usize,
  y: usize,
  ldy: usize,
  tail: usize,
  temporary: usize,
): void {
  const b0 = v128.load(record),
    b1 = v128.load(record, 16),
    hi0 = v128.load(record, R_ZSAT),
    hi1 = v128.load(record, R_ZSAT + 16);
  const lo0 = i32x4.neg(hi0), lo1 = i32x4.neg(hi1);
  const m0 = v128.load(record, R_M),
    m1 = v128.load(record, R_M + 16),
    m2 = v128.load(record, R_M + 32),
    m3 = v128.load(record, R_M + 48);
  const magic = v128.load64_splat(CONSTANTS), zero = i32x4.splat(zero_point);
  for (; strip < end; strip += 32, y += ldy) {
    const z0 = i32x4.max_s(i32x4.min_s(i32x4.add(v128.load(strip), b0), hi0), lo0);
    const z1 = i32x4.max_s(i32x4.min_s(i32x4.add(v128.load(strip, 16), b1), hi1), lo1);
    const q = i16x8.narrow_i32x4_s(
      i32x4.add(scaled(z0, m0, m1, magic), zero),
      i32x4.add(scaled(z1, m2, m3, magic), zero),
    );
    store8(tail ? temporary : y, q, out, table);
    if (tail) copy_bytes(y, temporary, tail);
  }
}

/** Both arms stay below 2^30, so that their low words can be added. */
// @ts-ignore: decorator
@inline
function small_arms(ep: Epilogue): bool {
  return Math.abs(real_multiplier(ep.m2, ep.e2)) < 16384 &&
    Math.abs(real_multiplier(ep.m3, ep.e3)) < 16384;
}

/** FAST, then the residual. */
function panel_residual(
  ep: Epilogue,
  record: usize,
  strip: usize,
  end: usize,
  identity: usize,
  y: usize,
  ldy: usize,
  tail: usize,
  temporary: usize,
): void {
  const b0 = v128.load(record),
    b1 = v128.load(record, 16),
    hi0 = v128.load(record, R_ZSAT),
    hi1 = v128.load(record, R_ZSAT + 16);
  const magic = v128.load64_splat(CONSTANTS), zero = i32x4.splat(ep.zero);
  const ma = f64x2.splat(real_multiplier(ep.m2, ep.e2)),
    mb = f64x2.splat(real_multiplier(ep.m3, ep.e3));
  const wide = ep.identity_type == OUT_I16,
    stride = ep.identity_stride,
    out = ep.out,
    table = ep.table;
  for (; strip < end; strip += 32, y += ldy, identity += stride) {
    const z0 = i32x4.max_s(i32x4.min_s(i32x4.add(v128.load(strip), b0), hi0), i32x4.neg(hi0));
    const z1 = i32x4.max_s(i32x4.min_s(i32x4.add(v128.load(strip, 16), b1), hi1), i32x4.neg(hi1));
    const q = i16x8.narrow_i32x4_s(
      i32x4.add(scaled(z0, v128.load(record, R_M), v128.load(record, R_M + 16), magic), zero),
      i32x4.add(scaled(z1, v128.load(record, R_M + 32), v128.load(record, R_M + 48), magic), zero),
    );
    const x = wide ? v128.load(identity) : v128.load8x8_s(identity);
    const r = i16x8.narrow_i32x4_s(
      i32x4.add(
        scaled(i32x4.extend_low_i16x8_s(q), ma, ma, magic),
        scaled(i32x4.extend_low_i16x8_s(x), mb, mb, magic),
      ),
      i32x4.add(
        scaled(i32x4.extend_high_i16x8_s(q), ma, ma, magic),
        scaled(i32x4.extend_high_i16x8_s(x), mb, mb, magic),
      ),
    );
    store8(tail ? temporary : y, r, out, table);
    if (tail) copy_bytes(y, temporary, tail);
  }
}

/** Any multiplier, any rounding. */
function panel_checked(
  ep: Epilogue,
  record: usize,
  strip: usize,
  end: usize,
  c: i32,
  n: i32,
  identity: usize,
  y: usize,
  ldy: usize,
  tail: usize,
  temporary: usize,
): void {
  const b0 = v128.load(record), b1 = v128.load(record, 16);
  const m0 = v128.load(record, R_M),
    m1 = v128.load(record, R_M + 16),
    m2 = v128.load(record, R_M + 32),
    m3 = v128.load(record, R_M + 48);
  const magic = v128.load64_splat(CONSTANTS), half = v128.load64_splat(CONSTANTS + C_HALF);
  const hi = v128.load64_splat(CONSTANTS + C_HIGH), lo = v128.load64_splat(CONSTANTS + C_LOW);
  const zero = i32x4.splat(ep.zero),
    exact = ep.rounding == ROUNDING_HALF_EVEN,
    out = ep.out,
    table = ep.table;
  for (; strip < end; strip += 32, y += ldy) {
    const z0 = i32x4.add(v128.load(strip), b0), z1 = i32x4.add(v128.load(strip, 16), b1);
    const s0 = f64x2.mul(f64x2.convert_low_i32x4_s(z0), m0),
      s1 = f64x2.mul(f64x2.convert_low_i32x4_s(upper(z0)), m1);
    const s2 = f64x2.mul(f64x2.convert_low_i32x4_s(z1), m2),
      s3 = f64x2.mul(f64x2.convert_low_i32x4_s(upper(z1)), m3);
    const r0 = f64x2.nearest(s0),
      r1 = f64x2.nearest(s1),
      r2 = f64x2.nearest(s2),
      r3 = f64x2.nearest(s3);
    let w0: v128, w1: v128;
    if (
      !exact ||
      v128.any_true(
        v128.or(
          v128.or(is_tie(s0, r0, half), is_tie(s1, r1, half)),
          v128.or(is_tie(s2, r2, half), is_tie(s3, r3, half)),
        ),
      )
    ) {
      w0 = requantize_four(ep, z0, c, n);
      w1 = requantize_four(ep, z1, c + 4, n);
    } else {
      w0 = low_words(f64x2.add(limited(r0, hi, lo), magic), f64x2.add(limited(r1, hi, lo), magic));
      w1 = low_words(f64x2.add(limited(r2, hi, lo), magic), f64x2.add(limited(r3, hi, lo), magic));
    }
    let q = i16x8.narrow_i32x4_s(i32x4.add(w0, zero), i32x4.add(w1, zero));
    if (identity) {
      q = add_residual(ep, q, identity);
      identity += ep.identity_stride;
    }
    store8(tail ? temporary : y, q, out, table);
    if (tail) copy_bytes(y, temporary, tail);
  }
}

/** clamp16(RNE(q·m2/2^e2) + RNE(identity·m3/2^e3)), arms of any size: the sum is taken in f64. */
function add_residual(ep: Epilogue, q: v128, identity: usize): v128 {
  const magic = v128.load64_splat(CONSTANTS),
    hi = v128.load64_splat(CONSTANTS + C_HIGH),
    lo = v128.load64_splat(CONSTANTS + C_LOW);
  const ma = f64x2.splat(real_multiplier(ep.m2, ep.e2)),
    mb = f64x2.splat(real_multiplier(ep.m3, ep.e3));
  const x = ep.identity_type == OUT_I16 ? v128.load(identity) : v128.load8x8_s(identity);
  const q0 = i32x4.extend_low_i16x8_s(q),
    q1 = i32x4.extend_high_i16x8_s(q),
    x0 = i32x4.extend_low_i16x8_s(x),
    x1 = i32x4.extend_high_i16x8_s(x);
  return i16x8.narrow_i32x4_s(
    low_words(
      f64x2.add(limited(arms(q0, x0, ma, mb), hi, lo), magic),
      f64x2.add(limited(arms(upper(q0), upper(x0), ma, mb), hi, lo), magic),
    ),
    low_words(
      f64x2.add(limited(arms(q1, x1, ma, mb), hi, lo), magic),
      f64x2.add(limited(arms(upper(q1), upper(x1), ma, mb), hi, lo), magic),
    ),
  );
}

/** Both arms of two lanes, each rounded, and their sum: integers in f64. */
// @ts-ignore: decorator
@inline
function arms(q: v128, x: v128, ma: v128, mb: v128): v128 {
  return f64x2.add(
    f64x2.nearest(f64x2.mul(f64x2.convert_low_i32x4_s(q), ma)),
    f64x2.nearest(f64x2.mul(f64x2.convert_low_i32x4_s(x), mb)),
  );
}
