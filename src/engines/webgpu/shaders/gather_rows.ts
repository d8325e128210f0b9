import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** `y[b][i] = x[b][index[i]]`. */
export const gatherRows: MakeDispatches = (operation) => ({
  stages: [elementwise(
    operation,
    `fn element(row: u32, column: u32) -> u32 {
  let length = y_extents().y;
  let member = row / length;
  let source = u32(read_index(0u, row - member * length));
  return u32(read_x(member * x_extents().y + source, column));
}`,
  )],
});
