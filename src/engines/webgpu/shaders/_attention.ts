/** What attention in integers has in common. */
import type { Operation, Stage } from "../wgsl/operation.ts";
import { requantized } from "./_requantized.ts";
import { softmaxStatistics } from "./_softmax.ts";
import { elementwise } from "./_word_owner.ts";

/** Most scores of a row: with the other variables they fit the 16 KiB of a workgroup that every adapter has. */
export const MOST_KEYS = 2944;

/** `score(query, key, first, size)` in WGSL: the product of `size` codes from column `first` on. */
export const SCORE: string = `fn score(query: u32, key: u32, first: u32, size: u32) -> i32 {
  let words = (size + 3u) >> 2u;
  /* what is behind the head in its last word */
  let rest = (4u - (size & 3u)) & 3u;
  var acc = 0;
  for (var d = 0u; d < words; d++) {
    var codes = pack_q(query, first + 4u * d);
    if (d + 1u == words) { codes &= 0xffffffffu >> (8u * rest); }
    acc += dot4(codes, pack_k(key, first + 4u * d));
  }
  return acc;
}`;

/**
 * From `length` scores of the workgroup to the sums of values of head `h`, in the scratch memory, as heads may share words.
 *
 * @param isHidden WGSL: whether entry `j` is.
 * @param first WGSL: the row of the first key.
 */
export function sumsOfValues(isHidden: string, first: string): string {
  return `workgroupBarrier();
  ${softmaxStatistics("scores[j]", isHidden)}
  for (var j = lane; j < length; j += 64u) {
    scores[j] = probability(exponential(scores[j], ${isHidden}, most), factor);
  }
  workgroupBarrier();
  for (var d = lane; d < size; d += 64u) {
    var acc = 0;
    for (var j = 0u; j < length; j++) { acc += scores[j] * read_v(${first} + j, h * size + d); }
    memory[scratch() + row * q_columns() + h * size + d] = u32(acc);
  }`;
}

/** The sums of values, requantised. */
export function requantizedValues(operation: Operation): Stage {
  const value = requantized(operation, "i8", "acc", "0u", "value_");
  return elementwise(
    operation,
    `fn element(row: u32, column: u32) -> u32 {
  let acc = i32(memory[scratch() + row * y_columns() + column]);
  return u32(${value});
}`,
  );
}
