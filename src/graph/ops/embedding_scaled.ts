import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { IntegerOp } from "../op.ts";

/** Rows of a table `[V, C]` of int8 codes, each times its `scale [V]`; the indices `[T]` are below V. */
export const embeddingScaled: IntegerOp<"EmbeddingScaled", "table" | "scale" | "index"> = {
  name: "EmbeddingScaled",
  integer: true,
  inputs: ["table", "scale", "index"],
  infer({ table, scale, index }) {
    expectDtype(table, ["i8"], "EmbeddingScaled");
    expectDtype(scale, ["f32"], "EmbeddingScaled");
    expectDtype(index, ["i32"], "EmbeddingScaled");
    const fits = table.shape.length === 2 && sameShape(scale.shape, table.shape.slice(0, 1)) &&
      index.shape.length === 1;
    expectShape(fits, "EmbeddingScaled", [table, scale, index]);
    return { y: { dtype: "f32", shape: [index.shape[0], table.shape[1]] } };
  },
};
