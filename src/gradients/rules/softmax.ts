import type { Value } from "../../graph/graph.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";
import type { GradientRule } from "../rule.ts";

/** `(dy − Σ dy·y)·y` of each row. */
export const softmaxGradient: GradientRule<"Softmax"> = (build, { outputs }, { y }) => ({
  x: () => softmaxGradientOf(build, outputs.y, y!),
});

/** The gradient of what rows y are the softmax of. */
export function softmaxGradientOf(build: NodeBuilder, y: Value, dy: Value): Value {
  const rows = build.sumColumns(build.mul(dy, y));
  return build.mul(build.sub(dy, rows), y);
}

/** `dy − e^y·Σ dy` of each row. */
export const logSoftmaxGradient: GradientRule<"LogSoftmax"> = (build, { outputs }, { y }) => ({
  x: () => {
    const probabilities = build.unary(outputs.y, "exp");
    return build.sub(y!, build.mul(probabilities, build.sumColumns(y!)));
  },
});
