import { embeddingGradient } from "../../graph/ops/mod.ts";
import type { GradientRule } from "../rule.ts";

/** The gradient of each token is added to the row of its id. */
export const embeddingRule: GradientRule<"Embedding"> = (
  { graph },
  { inputs: { table, index } },
  { y },
) => ({
  table: () => {
    const rows = table.shape[0] as number;
    return graph.apply(embeddingGradient, { index, dy: y! }, { rows });
  },
});
