import type { Graph, Value } from "../../graph/graph.ts";

/** Functions that are above 0, and below their most, exactly where their argument is: a slope of 1 or 0 shows in the result. */
const CLAMPS: readonly string[] = ["relu", "relu6"];

/**
 * What the gradient of `y = f(x)` reads. The layer behind a ReLU keeps y for the gradient of its weights, so that x, which y says
 * enough of, is not kept beside it. Where y has fewer bits than x, a small x may have become 0.
 */
export function operandOf({ storage }: Graph, kind: string, x: Value, y: Value): Value {
  const isExact = storage.get(x.id)?.type === storage.get(y.id)?.type;
  return CLAMPS.includes(kind) && isExact ? y : x;
}
