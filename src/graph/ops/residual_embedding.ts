import { expectDtype, expectShape, same, sameShape } from "../extent.ts";
import type { IntegerOp } from "../op.ts";

/**
 * Rows of a table of codes `[V, C]` as the residual of integer language models (i32): each with a
 * multiplier `[V]` and one shift, within a limit. With `signs [C]` the row is rotated first, by 36 where
 * `paley` says so.
 */
export const residualEmbedding: IntegerOp<
  "ResidualEmbedding",
  "table" | "index" | "multiplier" | "shift" | "limit" | "signs?",
  { paley?: boolean }
> = {
  name: "ResidualEmbedding",
  integer: true,
  inputs: ["table", "index", "multiplier", "shift", "limit", "signs?"],
  infer({ table, index, multiplier, shift, limit, signs }) {
    expectDtype(table, ["i8"], "ResidualEmbedding");
    if (signs !== undefined) expectDtype(signs, ["i8"], "ResidualEmbedding");
    for (const value of [index, multiplier, shift, limit]) {
      expectDtype(value, ["i32"], "ResidualEmbedding");
    }
    const fits = table.shape.length === 2 && index.shape.length === 1 &&
      sameShape(multiplier.shape, [table.shape[0]]) && sameShape(shift.shape, [1]) &&
      sameShape(limit.shape, [1]) &&
      (signs === undefined || signs.shape.length === 1 && same(signs.shape[0], table.shape[1]));
    expectShape(fits, "ResidualEmbedding", [table, index, multiplier, shift, limit, signs]);
    return { y: { dtype: "i32", shape: [index.shape[0], table.shape[1]] } };
  },
};
