import type { MakeDispatches } from "../wgsl/operation.ts";
import { sumOrCode } from "./_requantized.ts";
import { elementwise } from "./_word_owner.ts";

/** Probabilities times values for each head; sums wrap. */
export const attentionValuesI8: MakeDispatches = (operation) => ({
  stages: [elementwise(
    operation,
    `fn element(row: u32, column: u32) -> u32 {
  let heads = attribute_heads();
  let queries = p_extents().z;
  let length = p_extents().w;
  let member = row / queries;
  let head = column / (v_columns() / heads);
  let plane = (member * heads + head) * queries + row - member * queries;
  var acc = 0;
  for (var j = 0u; j < length; j++) {
    acc += read_p(plane, j) * read_v(member * length + j, column);
  }
  return u32(${sumOrCode(operation, "acc", "0u")});
}`,
  )],
});
