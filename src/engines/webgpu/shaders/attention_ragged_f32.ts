import type { MakeDispatches } from "../wgsl/operation.ts";
import { plusProduct } from "./_products_f32.ts";
import { headRows } from "./_scores.ts";
import type { ScoreRows } from "./_scores.ts";
import { SEQUENCES } from "./_sequences.ts";
import { softmaxProbabilities } from "./_softmax_f32.ts";
import { elementwise } from "./_word_owner.ts";

const ROWS: ScoreRows = {
  declarations: `${SEQUENCES}fn first_of(token: u32) -> u32 {
  return u32(read_offsets(0u, sequence_of(token)));
}
fn count_of(token: u32) -> u32 {
  let s = sequence_of(token);
  return u32(read_offsets(0u, s + 1u) - read_offsets(0u, s));
}
fn score_rows() -> u32 { return q_rows() * attribute_heads(); }
fn score_columns() -> u32 { return q_rows(); }
fn score_count(row: u32) -> u32 { return count_of(row / attribute_heads()); }
`,
  shape: ({ q }, { heads }) => [q.rows * heads, q.rows],
};

/** Attention in float32 within each sequence, stage after stage. */
export const attentionRaggedF32: MakeDispatches = (operation) => ({
  stages: [
    ...softmaxProbabilities(
      ROWS,
      `${plusProduct(operation)}fn score(row: u32, j: u32) -> u32 {
  let heads = attribute_heads();
  let size = q_columns() / heads;
  let h = row % heads;
  let token = row / heads;
  let key = first_of(token) + j;
  var sum = 0u;
  for (var d = h * size; d < (h + 1u) * size; d++) {
    sum = plus_product(sum, read_q(token, d), read_k(key, d));
  }
  return f_mul(sum, read_scale(0u, 0u));
}`,
    ),
    elementwise(
      operation,
      `${ROWS.declarations}${plusProduct(operation)}fn element(token: u32, c: u32) -> u32 {
  let heads = attribute_heads();
  let first = first_of(token);
  let count = count_of(token);
  let scores = scratch() + (token * heads + c / (q_columns() / heads)) * score_columns();
  var sum = 0u;
  for (var j = 0u; j < count; j++) {
    sum = plus_product(sum, memory[scores + j], read_v(first + j, c));
  }
  return sum;
}`,
    ),
  ],
  scratchWords: headRows(operation, operation.attribute("heads"), operation.most("q").rows),
});
