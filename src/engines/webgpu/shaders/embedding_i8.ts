import type { MakeDispatches } from "../wgsl/operation.ts";
import { embedding } from "./_embedding.ts";

/** Rows of a table, each with its own multiplier, plus positions. */
export const embeddingI8: MakeDispatches = (operation) =>
  embedding(operation, "read_table(row, column)");
