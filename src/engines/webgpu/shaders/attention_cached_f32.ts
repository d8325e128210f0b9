import type { MakeDispatches } from "../wgsl/operation.ts";
import { SESSIONS } from "./_cached_rows.ts";
import { plusProduct } from "./_products_f32.ts";
import { headRows } from "./_scores.ts";
import type { ScoreRows } from "./_scores.ts";
import { softmaxProbabilities } from "./_softmax_f32.ts";
import { elementwise } from "./_word_owner.ts";

const ROWS: ScoreRows = {
  declarations: `${SESSIONS}fn score_columns() -> u32 { return keys_extents().y; }
fn score_count(row: u32) -> u32 { return position_in(row / head_count()) + 1u; }
`,
  shape: ({ q, keys }, { kv_heads, group }) => [q.rows * kv_heads * group, keys.extents[1]],
};

/** Causal attention over rows of caches in float32, stage after stage. */
export const attentionCachedF32: MakeDispatches = (operation) => ({
  stages: [
    ...softmaxProbabilities(
      ROWS,
      `fn score(row: u32, j: u32) -> u32 {
  let token = row / head_count();
  let head = row - token * head_count();
  let size = keys_columns() / attribute_kv_heads();
  let key = session_of(token) * keys_extents().y + j;
  let from_q = head * size;
  let from_k = head / attribute_group() * size;
  var a = array<u32, 4>();
  for (var d = 0u; d < size; d++) {
    let i = d & 3u;
    a[i] = f_add(a[i], f_mul(read_q(token, from_q + d), read_keys(key, from_k + d)));
  }
  return f_mul(f_add(f_add(a[0], a[2]), f_add(a[1], a[3])), read_scale(0u, 0u));
}`,
    ),
    elementwise(
      operation,
      `${ROWS.declarations}${plusProduct(operation)}fn element(token: u32, c: u32) -> u32 {
  let size = keys_columns() / attribute_kv_heads();
  let head = c / size;
  let column = head / attribute_group() * size + c - head * size;
  let first = session_of(token) * values_extents().y;
  let scores = scratch() + (token * head_count() + head) * score_columns();
  let count = position_in(token) + 1u;
  var sum = 0u;
  for (var j = 0u; j < count; j++) {
    sum = plus_product(sum, memory[scores + j], read_values(first + j, column));
  }
  return sum;
}`,
    ),
  ],
  scratchWords: headRows(
    operation,
    operation.attribute("kv_heads") * operation.attribute("group"),
    operation.most("keys").extents[1],
  ),
});
