import { FewbitError } from "../../errors.ts";
import type { Node } from "../../graph/graph.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";

/** The rule of an op whose result is a constant to differentiation. */
export function noGradient(): Record<never, never> {
  return {};
}

/** The rule of an op that cannot be differentiated. */
export function cannotDifferentiate(_: NodeBuilder, { op }: Pick<Node, "op">): never {
  throw new FewbitError("unsupported", `Cannot differentiate ${op}`);
}
