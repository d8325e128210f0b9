import type { MakeDispatches } from "../wgsl/operation.ts";
import { sumOrCode } from "./_requantized.ts";
import { elementwise } from "./_word_owner.ts";

/** `q·kᵀ` for each head, requantised where there is a multiplier. */
export const attentionScoresI8: MakeDispatches = (operation) => ({
  stages: [elementwise(
    operation,
    `fn element(row: u32, j: u32) -> u32 {
  let heads = attribute_heads();
  let queries = y_extents().z;
  let size = q_columns() / heads;
  let plane = row / queries;
  let member = plane / heads;
  let query = member * queries + row - plane * queries;
  let key = member * y_extents().w + j;
  let first = (plane - member * heads) * size;
  var acc = 0;
  for (var d = first; d < first + size; d++) { acc += read_q(query, d) * read_k(key, d); }
  return u32(${sumOrCode(operation, "acc", "0u")});
}`,
  )],
});
