import { expectInteger } from "../attribute.ts";
import { expectDtype, expectShape, same } from "../extent.ts";
import type { TrainingOp } from "../op.ts";

/** The gradient of the table of `Embedding`, of `rows` rows: that of each token is added to the row of its id. */
export const embeddingGradient: TrainingOp<"EmbeddingGradient", "index" | "dy", { rows: number }> =
  {
    name: "EmbeddingGradient",
    training: true,
    inputs: ["index", "dy"],
    infer({ index, dy }, { rows }) {
      expectInteger(rows, 1, "EmbeddingGradient: rows");
      expectDtype(index, ["i32"], "EmbeddingGradient");
      expectDtype(dy, ["f32"], "EmbeddingGradient");
      const fits = index.shape.length === 1 && dy.shape.length === 2 &&
        same(index.shape[0], dy.shape[0]);
      expectShape(fits, "EmbeddingGradient", [index, dy]);
      return { y: { dtype: "f32", shape: [rows, dy.shape[1]] } };
    },
  };
