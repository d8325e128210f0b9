import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** The rows of `first`, then those of x, for every sequence. */
export const concatRows: MakeDispatches = (operation) => ({
  stages: [elementwise(
    operation,
    `fn element(row: u32, column: u32) -> u32 {
  let length = y_extents().y;
  let sequence = row / length;
  let place = row - sequence * length;
  if (place < first_rows()) { return u32(read_first(place, column)); }
  return u32(read_x(sequence * (length - first_rows()) + place - first_rows(), column));
}`,
  )],
});
