import { expectDtype, expectShape, same } from "../extent.ts";
import type { Op } from "../graph.ts";

/**
 * Embeddings of a ragged batch in integers: rows of a table `[V, C]` with a multiplier and shift `[V]`
 * each, plus position codes `[P, C]` with one, by token `[T]` and offsets `[B + 1]`.
 */
export const embeddingInteger: Op = {
  name: "EmbeddingInteger",
  infer([table, multiplier, shift, positions, positionMultiplier, positionShift, ids, offsets]) {
    expectDtype(table, ["i8"], "EmbeddingInteger");
    expectDtype(positions, ["i16"], "EmbeddingInteger");
    const integers = [multiplier, shift, positionMultiplier, positionShift, ids, offsets];
    for (const value of integers) expectDtype(value, ["i32"], "EmbeddingInteger");
    const fits = table.shape.length === 2 && positions.shape.length === 2 &&
      same(table.shape[1], positions.shape[1]) && ids!.shape.length === 1 &&
      same(multiplier!.shape[0], table.shape[0]) && same(shift!.shape[0], table.shape[0]);
    expectShape(fits, "EmbeddingInteger", [table, multiplier, shift, positions]);
    return { dtype: "i16", shape: [ids!.shape[0], table.shape[1]] };
  },
};
