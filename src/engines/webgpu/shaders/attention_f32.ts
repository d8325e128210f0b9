import type { MakeDispatches } from "../wgsl/operation.ts";
import { plusProduct } from "./_products_f32.ts";
import { headRows } from "./_scores.ts";
import type { ScoreRows } from "./_scores.ts";
import { softmaxProbabilities } from "./_softmax_f32.ts";
import { elementwise } from "./_word_owner.ts";

const ROWS: ScoreRows = {
  declarations: `fn score_rows() -> u32 { return q_rows() * attribute_heads(); }
fn score_columns() -> u32 { return k_extents().y; }
fn score_count(row: u32) -> u32 { return k_extents().y; }
`,
  shape: ({ q, k }, { heads }) => [q.rows * heads, k.extents[1]],
};

/** Attention in float32: scores, softmax, product with the values, stage after stage in the scratch memory. */
export const attentionF32: MakeDispatches = (operation) => {
  const biased = operation.has("bias") ? "f_add(s, read_bias(h * queries + i, j))" : "s";
  const hidden =
    `if (read_mask((b % mask_extents().x) * queries + i, j) != 0u) { return 0xff800000u; }`;
  return {
    stages: [
      ...softmaxProbabilities(
        ROWS,
        `${plusProduct(operation)}fn score(row: u32, j: u32) -> u32 {
  let heads = attribute_heads();
  let queries = q_extents().y;
  let size = q_columns() / heads;
  let h = row % heads;
  let query = row / heads;
  let b = query / queries;
  let i = query - b * queries;
  ${operation.has("mask") ? hidden : ""}
  var sum = 0u;
  for (var d = h * size; d < (h + 1u) * size; d++) {
    sum = plus_product(sum, read_q(query, d), read_k(b * k_extents().y + j, d));
  }
  let s = f_mul(sum, read_scale(0u, 0u));
  return ${biased};
}`,
      ),
      elementwise(
        operation,
        `${plusProduct(operation)}fn element(row: u32, c: u32) -> u32 {
  let length = k_extents().y;
  let heads = attribute_heads();
  let first = row / q_extents().y * length;
  let scores = scratch() + (row * heads + c / (q_columns() / heads)) * length;
  var sum = 0u;
  for (var j = 0u; j < length; j++) {
    sum = plus_product(sum, memory[scores + j], read_v(first + j, c));
  }
  return sum;
}`,
      ),
    ],
    scratchWords: headRows(operation, operation.attribute("heads"), operation.most("k").extents[1]),
  };
};
