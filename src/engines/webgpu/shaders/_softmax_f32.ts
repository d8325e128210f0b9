/** Softmax in float32 of rows of scores in the scratch memory. */
import type { Stage } from "../wgsl/operation.ts";
import { reduce } from "./_rows.ts";
import { eachScore, eachScoreRow } from "./_scores.ts";
import type { ScoreRows } from "./_scores.ts";
import { SUM16, sum16 } from "./_sum16.ts";

/** `quotient(e, sum)` in WGSL: the probability; a row of −∞ has a sum of 0 and gives 0. */
export const QUOTIENT: string = `fn quotient(e: u32, sum: u32) -> u32 {
  if (sum == 0u) { return 0u; }
  return f_div(e, sum);
}
`;

/**
 * From scores, `fn score(row: u32, j: u32) -> u32`, to their exponentials; `memory[known(row)]` is their sum.
 */
export function softmaxExponentials(rows: ScoreRows, score: string): Stage[] {
  return [
    eachScore(rows, score),
    eachScoreRow(
      rows,
      "var<workgroup> most: array<u32, 64>;",
      `var m = ${MINUS_INFINITY};
  for (var c = lane; c < count; c += 64u) { m = f_max(m, memory[first + c]); }
  most[lane] = m;
  ${reduce("most", "f_max(a, b)")}
  if (lane == 0u) { memory[known(row)] = most[0]; }`,
    ),
    eachScore(
      rows,
      `fn score(row: u32, j: u32) -> u32 {
  let most = memory[known(row)];
  if (most == ${MINUS_INFINITY}) { return 0u; }
  return f_exp(f_sub(memory[scratch() + row * score_columns() + j], most));
}`,
    ),
    eachScoreRow(
      rows,
      SUM16,
      `${sum16("count", "memory[first + c]")}
  if (lane == 0u) { memory[known(row)] = partial[0]; }`,
    ),
  ];
}

const MINUS_INFINITY = "0xff800000u";

/** From scores to probabilities, in their places. */
export function softmaxProbabilities(rows: ScoreRows, score: string): Stage[] {
  return [
    ...softmaxExponentials(rows, score),
    eachScore(
      rows,
      `${QUOTIENT}fn score(row: u32, j: u32) -> u32 {
  return quotient(memory[scratch() + row * score_columns() + j], memory[known(row)]);
}`,
    ),
  ];
}
