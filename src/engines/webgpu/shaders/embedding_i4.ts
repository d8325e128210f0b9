import type { MakeDispatches } from "../wgsl/operation.ts";
import { embedding } from "./_embedding.ts";

/** Rows of 4-bit codes with a factor for each group, plus positions. */
export const embeddingI4: MakeDispatches = (operation) => {
  const half = "extractBits(i32(read_table(row, column >> 1u)), 4u * (column & 1u), 4u)";
  return embedding(operation, `(${half} * i32(read_factors(row, column / attribute_group())))`);
};
