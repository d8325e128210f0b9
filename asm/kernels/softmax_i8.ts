// Integer softmax of rows of i8 scores, with a table (exact functions) or with I-ViT's Shiftmax.
//
//   table  E(d) = exponentials[d] as unsigned 32 bits;  masked: 0
//          S = ΣE (64 bits); r = ⌊2^47 / S⌋, 0 where S = 0;  p = min(32767, (E·r + 2^31) >> 32)
//   shift  E(d) = min(shift_exp(−d, x0, 15), 2^31−1), x0 = min(operand, −1);  masked: min(|x0|, 2^31−1)
//          S = min(ΣE, 2^31−1); f = ⌊(2^31−1) / S⌋;  p = (E·f) >> (32 − bits)
//
// d = max − x in 0…255, the maximum over entries that are not masked. E ≤ S in both, so E·r ≤ 2^47 and E·f ≤ 2^31−1: nothing overflows.
// In table mode p has 16 bits always. A row masked throughout: 0 everywhere (table), equal parts (shift).
import { negative, shift_exp } from "./shift_exp";

/** Bytes of a softmax plan. */
export const SOFTMAX_BYTES: usize = 1040;
// Plan: E u32[256], then shift (0 in table mode), then the E of a masked entry
const SHIFT: usize = 1024, MASKED: usize = 1028;

const MOST: i64 = 2147483647;

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
