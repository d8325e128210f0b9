/** How the rule of an op says what the gradients of its inputs are. */
import type { Value } from "../graph/graph.ts";
import type { DifferentiableOpName, NodeNamed } from "../graph/op_names.ts";
import type { NodeBuilder } from "../graph/node_builder.ts";

/** Makes the gradient of one input; called for those that are wanted only. */
export type MakeGradient = () => Value;

/**
 * The gradients of the inputs of a node, by name, from those of its outputs (`undefined` for outputs that the
 * loss does not depend on). An input that is left out has none: a bound, an index, a state.
 */
export type GradientRule<Name extends DifferentiableOpName> = (
  build: NodeBuilder,
  node: NodeNamed<Name>,
  cotangents: { readonly [N in keyof NodeNamed<Name>["outputs"]]: Value | undefined },
) => { readonly [N in keyof NodeNamed<Name>["inputs"]]?: MakeGradient };

/** Rules of some ops. */
export type GradientRulesOf<Names extends DifferentiableOpName> = {
  readonly [N in Names]: GradientRule<N>;
};
