import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** A table of 256 entries for each column, the tables taken in turn. */
export const lookup: MakeDispatches = (operation) => {
  const code = "read_x(row, column)";
  const index = operation.dtype("x") === "i8" ? `u32(${code} + 128)` : code;
  return {
    stages: [elementwise(
      operation,
      `fn element(row: u32, column: u32) -> u32 {
  return u32(read_table(column % table_rows(), ${index}));
}`,
    )],
  };
};
