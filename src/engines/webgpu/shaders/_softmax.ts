/** Integer softmax in WGSL, by a table or by shift-exponentials; the largest score and a factor of each row first. */
import type { Operation } from "../wgsl/operation.ts";
import { reduce } from "./_rows.ts";
import { SHIFT_EXP } from "./_shift_exp.ts";

/** Variables of the workgroup that `softmaxStatistics` needs. */
export const SOFTMAX_WORKGROUP: string = `var<workgroup> highest: array<i32, 64>;
var<workgroup> sums: array<vec2<u32>, 64>;
var<workgroup> row_factor: vec2<u32>;
`;

/** `factor_of(sum)`, ⌊2^47/S⌋, and `probability(e, factor)` of exponentials from a table. */
export const TABLE_SOFTMAX: string = `fn factor_of(sum: vec2<u32>) -> vec2<u32> {
  if (sum.x == 0u && sum.y == 0u) { return vec2<u32>(0u, 0x8000u); }
  return div64(vec2<u32>(0u, 0x8000u), sum);
}
/* (e·r + 2^31) >> 32, e·r ≤ 2^47 */
fn probability(e: u32, r: vec2<u32>) -> i32 {
  let p = add64(add64(mul_wide(e, r.x), vec2<u32>(0u, e * r.y)), vec2<u32>(0x80000000u, 0u));
  return i32(min(p.y, 32767u));
}
`;

/**
 * `exponential(score, is_hidden, most)` and `probability(e, factor)`. Table: entries count as unsigned, 2^47/S, a hidden
 * entry is 0. Shift: exponentials saturate like their sum, (2^31 − 1)/S, a hidden entry weighs what a clipped one does.
 *
 * @param bits In WGSL, the width of probabilities.
 */
export function softmaxFunctions(operation: Operation, bits: string): string {
  return operation.has("exponentials")
    ? `fn exponential(score: i32, is_hidden: bool, most: i32) -> u32 {
  if (is_hidden) { return 0u; }
  return u32(read_exponentials(0u, u32(most - score)));
}
${TABLE_SOFTMAX}`
    : `${SHIFT_EXP}fn exponential(score: i32, is_hidden: bool, most: i32) -> u32 {
  let x0 = read_x0(0u, 0u);
  if (is_hidden) { return min(magnitude(min(x0, -1)), SUM_LIMIT); }
  return limited(shift_exp(score - most, x0, 15));
}
fn factor_of(sum: vec2<u32>) -> vec2<u32> { return vec2<u32>(SUM_LIMIT / limited(sum), 0u); }
fn probability(e: u32, factor: vec2<u32>) -> i32 {
  return i32(shr64(mul_wide(e, factor.x), 32u - ${bits}).x);
}
`;
}

/**
 * Sets `most` and `factor` of a row of `length` scores, `score(j)` and `is_hidden(j)` in WGSL. Hidden scores do not count
 * for the largest.
 */
export function softmaxStatistics(score: string, isHidden: string): string {
  return `var own_most = -128;
  for (var j = lane; j < length; j += 64u) {
    if (!(${isHidden})) { own_most = max(own_most, ${score}); }
  }
  highest[lane] = own_most;
  ${reduce("highest", "max(a, b)")}
  let most = highest[0];
  var own_sum = vec2<u32>(0u);
  for (var j = lane; j < length; j += 64u) {
    own_sum = add64(own_sum, vec2<u32>(exponential(${score}, ${isHidden}, most), 0u));
  }
  sums[lane] = own_sum;
  ${reduce("sums", "add64(a, b)")}
  if (lane == 0u) { row_factor = factor_of(sums[0]); }
  workgroupBarrier();
  let factor = row_factor;`;
}
