// Integer softmax of rows of i8 scores, with a table (exact functions) or with I-ViT's Shiftmax.
//
//   table  E(d) = exponentials[d] as unsigned 32 bits;  masked: 0
//          S = ΣE (64 bits); r = ⌊2^47 / S⌋, 0 where S = 0;  p = min(32767, (E·r + 2^31) >> 32)
//   shift  E(d) = min(shift_exp(−d, x0, 15), 2^31−1), x0 = min(operand, −1);  masked: min(|x0|, 2^31−1)
//          S = min(ΣE, 2^31−1); f = ⌊(2^31−1) / S⌋;  p = (E·f) >> (32 − bits)
//
// d = max − x in 0…255, the maximum over entries that are not masked. E ≤ S in both, so E·r ≤ 2^47 and E·f ≤ 2^31−1: nothing overflows.
// In table mode p has 16 bits always. A row masked throughout: 0 everywhere (table), equal parts (shift).
import { mask_first } from "./pack";
import { LOWEST, row_maximum } from "./row_maximum";
import { negative, shift_exp } from "./shift_exp";
import { store_codes } from "./tail";

/** Bytes of a softmax plan. */
export const SOFTMAX_BYTES: usize = 1040;
// Plan: E u32[256], then shift (0 in table mode), then the E of a masked entry
const SHIFT: usize = 1024, MASKED: usize = 1028;

const MOST: i64 = 2147483647;
const HALF: usize = memory.data<i64>([2147483648], 8);

/** @param exponentials address of the table, or 0: x0 holds the address of x0 */
export function plan_softmax(plan: usize, exponentials: usize, x0: usize, bits: i32): void {
  if (exponentials) {
    memory.copy(plan, exponentials, 1024);
    store<i32>(plan, 0, SHIFT);
    store<i32>(plan, 0, MASKED);
    return;
  }
  const n = negative(load<i32>(x0));
  for (let d = 0; d < 256; d++) {
    store<u32>(plan + (<usize> d << 2), <u32> min(shift_exp(-d, n, 15), MOST));
  }
  store<i32>(plan, 32 - bits, SHIFT);
  store<u32>(plan, <u32> min(-n, MOST), MASKED);
}

/** 0 in table mode, else the right shift of E·f. */
// @ts-ignore: decorator
@inline
export function softmax_shift(plan: usize): i32 {
  return load<i32>(plan, SHIFT);
}

/** E of a masked entry. */
// @ts-ignore: decorator
@inline
export function softmax_masked(plan: usize): u32 {
  return load<u32>(plan, MASKED);
}

/** r or f of a row. */
// @ts-ignore: decorator
@inline
export function softmax_factor(sum: u64, shift: i32): u64 {
  return shift ? <u64> MOST / min<u64>(sum, <u64> MOST) : sum ? (<u64> 1 << 47) / sum : 0;
}

/** p of one E. */
// @ts-ignore: decorator
@inline
export function softmax_probability(E: u32, factor: u64, shift: i32): i32 {
  return shift
    ? <i32> ((<u64> E * factor) >> shift)
    : <i32> min<u64>(32767, (<u64> E * factor + 0x80000000) >> 32);
}

/** E of four distances. */
// @ts-ignore: decorator
@inline
function look_up(plan: usize, d: u32): v128 {
  let e = v128.load32_zero(plan + ((d & 255) << 2));
  e = v128.load32_lane(plan + ((d >> 6) & 1020), e, 1);
  e = v128.load32_lane(plan + ((d >> 14) & 1020), e, 2);
  return v128.load32_lane(plan + ((d >> 22) & 1020), e, 3);
}

/** Hidden entries → −128: they do not count for the maximum. */
function hide_codes(x: usize, hides: usize, n: i32, to: usize): void {
  for (let j = 0; j < n; j += 16, x += 16, hides += 16, to += 16) {
    const seen = i8x16.eq(v128.load(hides), i8x16.splat(0));
    v128.store(to, v128.bitselect(v128.load(x), v128.load(LOWEST), seen));
  }
}

/** Bytes of scratch for a row of n: E u32[n], then codes. */
export function softmax_row_bytes(n: i32): usize {
  return <usize> ((n + 15) & ~15) * 5;
}

/**
 * One row of n codes.
 *
 * @param hides 0, or n bytes: not 0 where an entry is masked
 * @param y i16[n], or i8[n] unless `wide`
 */
export function softmax_row(
  plan: usize,
  x: usize,
  hides: usize,
  n: i32,
  scratch: usize,
  y: usize,
  wide: bool,
): void {
  const shift = softmax_shift(plan), n4 = (n + 3) & ~3, end = scratch + (<usize> n4 << 2);
  if (hides) {
    hide_codes(x, hides, n, end);
    x = end;
  }
  const high = i8x16.splat(<i8> row_maximum(x, n)),
    masked = i32x4.splat(<i32> softmax_masked(plan));
  let sums = i64x2.splat(0);
  for (let j = 0, to = scratch; j < n; j += 4, to += 16) {
    const d = i8x16.sub(high, v128.load32_zero(x + <usize> j));
    let e = look_up(plan, i32x4.extract_lane(d, 0));
    if (hides) {
      const bytes = i16x8.extend_low_i8x16_u(v128.load32_zero(hides + <usize> j));
      const seen = i32x4.eq(i32x4.extend_low_i16x8_u(bytes), i32x4.splat(0));
      e = v128.bitselect(e, masked, seen);
    }
    if (n - j < 4) e = v128.and(e, mask_first((n - j) << 2));
    v128.store(to, e);
    sums = i64x2.add(
      sums,
      i64x2.add(i64x2.extend_low_i32x4_u(e), i64x2.extend_high_i32x4_u(e)),
    );
  }
  const sum = <u64> (i64x2.extract_lane(sums, 0) + i64x2.extract_lane(sums, 1));
  let factor = softmax_factor(sum, shift);
  if (factor >> 32) {
    // no table of ours: 2p times 2^31 gives the same p
    for (let at = scratch; at < end; at += 4) {
      store<u32>(at, <u32> softmax_probability(load<u32>(at), factor, 0) << 1);
    }
    factor = 0x80000000;
  }
  const f = i32x4.splat(<i32> factor);
  for (let j = 0, at = scratch; j < n; j += 8, at += 32) {
    const e0 = v128.load(at), e1 = v128.load(at, 16);
    const p = shift
      ? i16x8.narrow_i32x4_s(
        i32x4.shr_u(i32x4.mul(e0, f), shift),
        i32x4.shr_u(i32x4.mul(e1, f), shift),
      )
      : i16x8.narrow_i32x4_s(high_words(e0, f), high_words(e1, f));
    store_codes(y + (<usize> j << usize(wide)), p, n - j, wide);
  }
}

/** (E·r + 2^31) >> 32; the narrowing saturates 32768 to 32767. */
// @ts-ignore: decorator
@inline
function high_words(e: v128, r: v128): v128 {
  const half = v128.load64_splat(HALF);
  return v128.shuffle<i32>(
    i64x2.add(i64x2.extmul_low_i32x4_u(e, r), half),
    i64x2.add(i64x2.extmul_high_i32x4_u(e, r), half),
    1,
    3,
    5,
    7,
  );
}
