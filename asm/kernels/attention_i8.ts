// Bias, mask and softmax of four rows of scores on the way from Q·Kᵀ to P·V.
//
// Scores and exponentials lie as the GEMM leaves its strips: [panels of 8 keys][4 rows][8]. The probabilities are written as an
// A panel of the second GEMM: i16 (pack.ts), 32 bytes a pair of keys, rows p0p0' p1p1' p2p2' p3p3', twice; or p = 256·h + l as bytes
// (pack_dot.ts), h 0…127 and l 0…255 (`unsigned`) or l − 128 (`signed`). Formulas: softmax_i8.ts.
// Floats in add_bias: exact, a requantisation as in requantize.ts.
import { ROUNDING_HALF_EVEN } from "../generated/attributes";
import { DTYPE_I8 } from "../generated/format";
import { DOT_SEVEN, DOT_SIGNED } from "./dot_forms";
import { real_multiplier, rounded, saturate } from "./integer";
import { low_words, upper } from "./lanes";
import { mask_first } from "./pack";
import { softmax_factor, softmax_masked, softmax_probability, softmax_shift } from "./softmax_i8";

const LOWEST: usize = memory.data<i64>([-9187201950435737472, -9187201950435737472], 16);
// 2^31 in two 64-bit lanes
export const HALF: usize = memory.data<i64>([2147483648, 2147483648], 16);

/** Bytes of a bias plan: round(s·m2 / 2^e2) as i64 for s = −128 … 127, then m2·2^-e2 as f64, then whether `add_bias` may use it. */
export const BIAS_BYTES: usize = 2064;
const REAL: usize = 2048, VECTOR: usize = 2056;

// 1.5·2^52
const MAGIC: usize = memory.data<f64>([6755399441055744.0], 16);

/** Prepares `add_bias`. */
export function plan_bias(plan: usize, m2: i32, e2: i32, rounding: i32): void {
  for (let c = 0; c < 256; c++) {
    store<i64>(plan + (<usize> c << 3), rounded(c - 128, m2, e2, rounding));
  }
  const real = real_multiplier(m2, e2);
  store<f64>(plan, real, REAL);
  store<i32>(plan, i32(rounding == ROUNDING_HALF_EVEN && Math.abs(real) < 131072), VECTOR);
}

// @ts-ignore: decorator
@inline
function arms(s: v128, m: v128, magic: v128): v128 {
  return low_words(
    f64x2.add(f64x2.mul(f64x2.convert_low_i32x4_s(s), m), magic),
    f64x2.add(f64x2.mul(f64x2.convert_low_i32x4_s(upper(s)), m), magic),
  );
}

/**
 * s → clamp8(round(s·m2 / 2^e2) + bias), padding → −128. Vectors: |s·m2| ≤ 2^38 is exact in f64 and the first term is at most 2^24 in
 * size, so that a bias limited to ±2^25 gives the same clamped sum, in 32 bits.
 */
export function add_bias(
  codes: usize,
  rows: i32,
  keys: i32,
  bias: usize,
  bias_stride: usize,
  plan: usize,
): void {
  const vector = load<i32>(plan, VECTOR) != 0;
  const m = v128.load64_splat(plan, REAL),
    magic = v128.load64_splat(MAGIC),
    lowest = v128.load(LOWEST);
  const high = i32x4.splat(1 << 25), low = i32x4.splat(-(1 << 25));
  for (let r = 0; r < rows; r++, bias += bias_stride) {
    let at = codes + (<usize> r << 3);
    for (let j = 0; j < keys; j += 8, at += 32) {
      const left = keys - j, from = bias + (<usize> j << 2);
      if (!vector) {
        for (let c: usize = 0; c < 8; c++) {
          const s = <i32> load<i8>(at + c);
          store<i8>(
            at + c,
            <i8> (<i32> c < left
              ? saturate(
                load<i64>(plan + (<usize> (s + 128) << 3)) + <i64> load<i32>(from + (c << 2)),
                DTYPE_I8,
              )
              : -128),
          );
        }
        continue;
      }
      const s = v128.load8x8_s(at);
      const b0 = v128.load(from), b1 = left > 4 ? v128.load(from, 16) : lowest;
      const w = i16x8.narrow_i32x4_s(
        i32x4.add(
          arms(i32x4.extend_low_i16x8_s(s), m, magic),
          i32x4.max_s(low, i32x4.min_s(high, b0)),
        ),
        i32x4.add(
          arms(i32x4.extend_high_i16x8_s(s), m, magic),
          i32x4.max_s(low, i32x4.min_s(high, b1)),
        ),
      );
      let q = i8x16.narrow_i16x8_s(w, w);
      if (left < 8) q = v128.bitselect(q, lowest, mask_first(left));
      v128.store64_lane(at, q, 0);
    }
  }
}

/** Hidden entries and padding → −128: they do not count for the maximum. */
export function hide(codes: usize, rows: i32, keys: i32, mask: usize, mask_stride: usize): void {
  const lowest = v128.load(LOWEST), zero = i32x4.splat(0);
  for (let r = 0; r < rows; r++, mask += mask_stride) {
    let at = codes + (<usize> r << 3);
    for (let j = 0; j < keys; j += 8, at += 32) {
      let seen = i8x16.eq(v128.load64_zero(mask + <usize> j), zero);
      if (keys - j < 8) seen = v128.and(seen, mask_first(keys - j));
      v128.store64_lane(at, v128.bitselect(v128.load64_zero(at), lowest, seen), 0);
    }
  }
}

/** Gives hidden entries the exponential `hidden`. */
function hide_exponentials(
  e: usize,
  sums: usize,
  rows: i32,
  keys: i32,
  hidden: u32,
  mask: usize,
  mask_stride: usize,
): void {
  const by = i32x4.splat(<i32> hidden), zero = i32x4.splat(0);
  for (let r = 0; r < rows; r++, mask += mask_stride) {
    let at = e + (<usize> r << 5), change = i64x2.splat(0);
    for (let j = 0; j < keys; j += 8, at += 128) {
      let bytes = v128.load64_zero(mask + <usize> j);
      if (keys - j < 8) bytes = v128.and(bytes, mask_first(keys - j));
      if (!v128.any_true(bytes)) continue;
      const words = i16x8.extend_low_i8x16_s(i8x16.ne(bytes, zero));
      const e0 = v128.load(at), e1 = v128.load(at, 16);
      const n0 = v128.bitselect(by, e0, i32x4.extend_low_i16x8_s(words)),
        n1 = v128.bitselect(by, e1, i32x4.extend_high_i16x8_s(words));
      v128.store(at, n0);
      v128.store(at, n1, 16);
      change = i64x2.add(
        change,
        i64x2.sub(i64x2.extend_low_i32x4_u(n0), i64x2.extend_low_i32x4_u(e0)),
      );
      change = i64x2.add(
        change,
        i64x2.sub(i64x2.extend_high_i32x4_u(n0), i64x2.extend_high_i32x4_u(e0)),
      );
      change = i64x2.add(
        change,
        i64x2.sub(i64x2.extend_low_i32x4_u(n1), i64x2.extend_low_i32x4_u(e1)),
      );
      change = i64x2.add(
        change,
        i64x2.sub(i64x2.extend_high_i32x4_u(n1), i64x2.extend_high_i32x4_u(e1)),
      );
    }
    const sum = sums + (<usize> r << 3);
    store<i64>(sum, load<i64>(sum) + i64x2.extract_lane(change, 0) + i64x2.extract_lane(change, 1));
  }
}

/** Maximum of the low and of the high 8 bytes, each in all its 8. */
// @ts-ignore: decorator
@inline
function maximum_of_halves(v: v128): v128 {
  v = i8x16.max_s(v, v128.shuffle<i32>(v, v, 1, 0, 3, 2));
  v = i8x16.max_s(v, v128.shuffle<i16>(v, v, 1, 0, 3, 2, 5, 4, 7, 6));
  return i8x16.max_s(
    v,
    v128.shuffle<i8>(v, v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14),
  );
}

/** Eight exponentials of distances d to `to`; returns their sum. */
// @ts-ignore: decorator
@inline
function look_up(table: usize, d: u64, to: usize): u64 {
  const e0 = load<u32>(table + <usize> ((d << 2) & 1020)),
    e1 = load<u32>(table + <usize> ((d >> 6) & 1020));
  const e2 = load<u32>(table + <usize> ((d >> 14) & 1020)),
    e3 = load<u32>(table + <usize> ((d >> 22) & 1020));
  const e4 = load<u32>(table + <usize> ((d >> 30) & 1020)),
    e5 = load<u32>(table + <usize> ((d >> 38) & 1020));
  const e6 = load<u32>(table + <usize> ((d >> 46) & 1020)),
    e7 = load<u32>(table + <usize> ((d >> 54) & 1020));
  store<u32>(to, e0);
  store<u32>(to, e1, 4);
  store<u32>(to, e2, 8);
  store<u32>(to, e3, 12);
  store<u32>(to, e4, 16);
  store<u32>(to, e5, 20);
  store<u32>(to, e6, 24);
  store<u32>(to, e7, 28);
  return <u64> e0 + <u64> e1 + (<u64> e2 + <u64> e3) +
    (<u64> e4 + <u64> e5 + (<u64> e6 + <u64> e7));
}

/**
 * @param x i8 [panels][4][8]; columns ≥ keys hold −128 or a copy of another column of their row
 * @param e scratch u32 [panels][4][8], then u64[4]
 * @param mask 0, or u8 rows of `keys`, `mask_stride` apart, `rows` of them
 * @param a the A panel, 128 bytes a panel of 8 keys, or 64
 * @param form of the dot product; p as two digits where that takes whole bytes
 */
export function softmax_strip(
  plan: usize,
  x: usize,
  keys: i32,
  e: usize,
  mask: usize,
  mask_stride: usize,
  rows: i32,
  a: usize,
  form: i32,
): void {
  const panels = (keys + 7) >> 3, end = x + (<usize> panels << 5);
  let high01 = v128.load(LOWEST), high23 = high01;
  for (let p = x; p < end; p += 32) {
    high01 = i8x16.max_s(high01, v128.load(p));
    high23 = i8x16.max_s(high23, v128.load(p, 16));
  }
  high01 = maximum_of_halves(high01);
  high23 = maximum_of_halves(high23);
  let s0: u64 = 0, s1: u64 = 0, s2: u64 = 0, s3: u64 = 0, to = e;
  for (let p = x; p < end; p += 32, to += 128) {
    const d01 = i8x16.sub(high01, v128.load(p)), d23 = i8x16.sub(high23, v128.load(p, 16));
    s0 += look_up(plan, i64x2.extract_lane(d01, 0), to);
    s1 += look_up(plan, i64x2.extract_lane(d01, 1), to + 32);
    s2 += look_up(plan, i64x2.extract_lane(d23, 0), to + 64);
    s3 += look_up(plan, i64x2.extract_lane(d23, 1), to + 96);
  }
  const sums = to;
  store<u64>(sums, s0);
  store<u64>(sums, s1, 8);
  store<u64>(sums, s2, 16);
  store<u64>(sums, s3, 24);
  for (let j = keys; j & 7; j++) {
    for (let r = 0; r < 4; r++) clear(e, j, r, sums);
  }
  if (mask) hide_exponentials(e, sums, rows, keys, softmax_masked(plan), mask, mask_stride);
  store_probabilities(e, sums, softmax_shift(plan), a, form);
}

/** Padding weighs nothing. */
function clear(e: usize, j: i32, r: i32, sums: usize): void {
  const at = e + <usize> ((((j >> 3) << 5) + (r << 3) + (j & 7)) << 2),
    sum = sums + (<usize> r << 3);
  store<u64>(sum, load<u64>(sum) - <u64> load<u32>(at));
  store<u32>(at, 0);
}

/** High or low bytes of the probabilities of four rows, 8 keys each → two steps of an A panel of bytes. */
// @ts-ignore: decorator
@inline
function store_bytes(to: usize, b01: v128, b23: v128): void {
  v128.store(to, v128.shuffle<i32>(b01, b23, 0, 2, 4, 6));
  v128.store(to, v128.shuffle<i32>(b01, b23, 1, 3, 5, 7), 16);
}

/** Probabilities of 8 keys and four rows, in panel j, as the second GEMM takes them; `size` bytes of high digits. */
// @ts-ignore: decorator
@inline
function store_panel(
  a: usize,
  j: usize,
  form: i32,
  size: usize,
  p0: v128,
  p1: v128,
  p2: v128,
  p3: v128,
): void {
  if (!ASC_FEATURE_RELAXED_SIMD || form <= DOT_SEVEN) {
    store_pairs(a + (j << 7), p0, p1, p2, p3);
    return;
  }
  const to = a + (j << 5),
    low = i16x8.splat(255),
    flip = i8x16.splat(form == DOT_SIGNED ? -128 : 0);
  store_bytes(
    to,
    i8x16.narrow_i16x8_u(i16x8.shr_u(p0, 8), i16x8.shr_u(p1, 8)),
    i8x16.narrow_i16x8_u(i16x8.shr_u(p2, 8), i16x8.shr_u(p3, 8)),
  );
  store_bytes(
    to + size,
    v128.xor(i8x16.narrow_i16x8_u(v128.and(p0, low), v128.and(p1, low)), flip),
    v128.xor(i8x16.narrow_i16x8_u(v128.and(p2, low), v128.and(p3, low)), flip),
  );
}

// @ts-ignore: decorator
@inline
function store_pairs(a: usize, p0: v128, p1: v128, p2: v128, p3: v128): void {
  const x0 = v128.shuffle<i32>(p0, p1, 0, 4, 1, 5), x1 = v128.shuffle<i32>(p0, p1, 2, 6, 3, 7);
  const y0 = v128.shuffle<i32>(p2, p3, 0, 4, 1, 5), y1 = v128.shuffle<i32>(p2, p3, 2, 6, 3, 7);
  const t0 = v128.shuffle<i64>(x0, y0, 0, 2), t1 = v128.shuffle<i64>(x0, y0, 1, 3);
  const t2 = v128.shuffle<i64>(x1, y1, 0, 2), t3 = v128.shuffle<i64>(x1, y1, 1, 3);
  v128.store(a, t0);
  v128.store(a, t0, 16);
  v128.store(a, t1, 32);
  v128.store(a, t1, 48);
  v128.store(a, t2, 64);
  v128.store(a, t2, 80);
  v128.store(a, t3, 96);
  v128.store(a, t3, 112);
}

/** E·f ≤ 2^31−1, so 32 bits hold it. */
// @ts-ignore: decorator
@inline
function shifted(e: usize, f: v128, shift: i32): v128 {
  return i16x8.narrow_i32x4_s(
    i32x4.shr_u(i32x4.mul(v128.load(e), f), shift),
    i32x4.shr_u(i32x4.mul(v128.load(e, 16), f), shift),
  );
}

// @ts-ignore: decorator
@inline
function high_words(e: v128, r: v128, half: v128): v128 {
  return v128.shuffle<i32>(
    i64x2.add(i64x2.extmul_low_i32x4_u(e, r), half),
    i64x2.add(i64x2.extmul_high_i32x4_u(e, r), half),
    1,
    3,
    5,
    7,
  );
}

/** The narrowing saturates 32768 to 32767. */
// @ts-ignore: decorator
@inline
export function scaled(e: usize, r: v128, half: v128): v128 {
  return i16x8.narrow_i32x4_s(
    high_words(v128.load(e), r, half),
    high_words(v128.load(e, 16), r, half),
  );
}

// @ts-ignore: decorator
@inline
function probabilities(e: usize, factor: v128, shift: i32, half: v128): v128 {
  return shift ? shifted(e, factor, shift) : scaled(e, factor, half);
}

/** The A panel of the second GEMM from exponentials and sums, u64[4] behind them; `shift` 0: table mode. */
export function store_probabilities(e: usize, sums: usize, shift: i32, a: usize, form: i32): void {
  const half = v128.load(HALF), size = (sums - e) >> 2;
  for (let r: usize = 0; r < 4; r++) {
    const sum = sums + (r << 3), total = load<u64>(sum);
    store<u64>(
      sum,
      shift ? softmax_factor(total, shift) : table_factor(e + (r << 5), total, sums, 128),
    );
  }
  const f0 = v128.load32_splat(sums),
    f1 = v128.load32_splat(sums, 8),
    f2 = v128.load32_splat(sums, 16),
    f3 = v128.load32_splat(sums, 24);
  for (let j: usize = 0; e < sums; e += 128, j++) {
    store_panel(
      a,
      j,
      form,
      size,
      probabilities(e, f0, shift, half),
      probabilities(e + 32, f1, shift, half),
      probabilities(e + 64, f2, shift, half),
      probabilities(e + 96, f3, shift, half),
    );
  }
}

/** r of a row whose panels are `step` bytes apart; where it has more than 32 bits (no table of ours), E becomes 2p and r 2^31, which give the same p. */
export function table_factor(e: usize, sum: u64, end: usize, step: usize): u64 {
  const r = softmax_factor(sum, 0);
  if (r < 0x100000000) return r;
  for (; e < end; e += step) {
    for (let i: usize = 0; i < 32; i += 4) {
      store<u32>(e + i, <u32> softmax_probability(load<u32>(e + i), r, 0) << 1);
    }
  }
  return 0x80000000;
}
