import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** Rows of a table by their indices, widened to float32. */
export const embeddingF32: MakeDispatches = (operation) => {
  const dtype = operation.dtype("table");
  const source = "u32(read_index(0u, row))";
  // Panels of eight rows, column by column, serve a linear layer, too.
  const value = operation.get("table").layout === "rows"
    ? `read_table(${source}, column)`
    : `element_table(table_at() + ((${source} >> 3u) * table_columns() + column) * 8u + (${source} & 7u))`;
  const wide = dtype === "f16"
    ? `f_from_half(${value})`
    : dtype === "bf16"
    ? `${value} << 16u`
    : value;
  return {
    stages: [elementwise(
      operation,
      `fn element(row: u32, column: u32) -> u32 { return ${wide}; }`,
    )],
  };
};
