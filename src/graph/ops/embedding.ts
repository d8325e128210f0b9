import { expectDtype, expectShape } from "../extent.ts";
import type { Op } from "../op.ts";

/** Rows of a table `[V, C]` of floats, as float32; the indices `[T]` are below V. */
export const embedding: Op<"Embedding", "table" | "index"> = {
  name: "Embedding",
  inputs: ["table", "index"],
  infer({ table, index }) {
    expectDtype(table, ["f32", "f16", "bf16"], "Embedding");
    expectDtype(index, ["i32"], "Embedding");
    expectShape(table.shape.length === 2 && index.shape.length === 1, "Embedding", [table, index]);
    return { y: { dtype: "f32", shape: [index.shape[0], table.shape[1]] } };
  },
};
