/** Differentiation in reverse: nodes for the gradients of a value, added to its graph. */
import { FewbitError } from "../errors.ts";
import { format, product, sameShape } from "../graph/extent.ts";
import type { Graph, Node, Value } from "../graph/graph.ts";
import { computedAlike, madeBy } from "../graph/storage.ts";
import { inputsOf, nodesOf, outputsOf } from "../graph/traversal.ts";
import { NodeBuilder } from "../graph/node_builder.ts";
import type { MakeGradient } from "./rule.ts";
import { GRADIENT_RULES } from "./rules/mod.ts";

/** Options of {@linkcode gradients}. */
export interface GradientOptions {
  /**
   * What the value is multiplied with before its elements are added up: the gradient of `Σ cotangent·value`
   * is taken. Default: 1, for a value of one element.
   */
  readonly cotangent?: Value;
}

/** Rules by op, as any of them is called. */
type AnyGradientRule = (
  build: NodeBuilder,
  node: Node,
  cotangents: Readonly<Record<string, Value | undefined>>,
) => Readonly<Record<string, MakeGradient | undefined>>;

/**
 * Adds nodes to a graph that compute the gradients of a value: differentiation in reverse. Only what lies between
 * the value and the tensors is differentiated, and of an op only the gradients that are needed, so that nothing
 * below the lowest tensor costs anything. Contributions are added in the order of the nodes, the last one first.
 *
 * @param graph The graph.
 * @param value What is differentiated: a loss of one element, or a value with a cotangent.
 * @param wrt Inputs, parameters or other values of the graph.
 * @returns The gradient of each of `wrt`, in its shape.
 * @throws {FewbitError} `invalid_argument` where the value or one of them is of another graph, where it does not depend
 * on one of them, or has more than one element; `unsupported` where an op in between has no gradient.
 *
 * @example
 * ```ts
 * import { compile, gradients, Graph, ops } from "@fewbit/fewbit";
 *
 * const graph = new Graph();
 * const x = graph.input("x", "f32", [1]);
 * const [dx] = gradients(graph, graph.apply(ops.mul, { a: x, b: x }), [x]);
 * graph.output("dx", dx);
 * const program = compile(graph, { training: true });
 * ```
 */
export function gradients(
  graph: Graph,
  value: Value,
  wrt: readonly Value[],
  { cotangent }: GradientOptions = {},
): Value[] {
  for (
    const [what, each] of [
      ["value", value],
      ...wrt.map((x) => ["tensor", x] as const),
    ] as const
  ) {
    if (graph.has(each)) continue;
    // Ids of another graph are those of other values here.
    throw new FewbitError(
      "invalid_argument",
      `Cannot differentiate: ${what} "${each?.name}" is none of this graph`,
    );
  }
  const build = new NodeBuilder(graph);
  const nodes = nodesOf(graph, [{ value, entry: "" }]);
  const sensitive = dependents(nodes, wrt);
  const sums = new Map<number, Value>();
  const first = graph.nodes.length;
  // The gradient of what is kept in 16 bits is, too: each contribution, and their sum.
  const kept = (to: Value, gradient: Value): Value => {
    const storage = graph.storage.get(to.id);
    const made = storage === undefined ? undefined : madeBy(graph, gradient, first);
    if (made !== undefined) graph.storage.set(made.id, computedAlike(storage!));
    return gradient;
  };
  const give = (to: Value, gradient: Value): void => {
    const sum = sums.get(to.id);
    const own = kept(to, gradient);
    sums.set(to.id, sum === undefined ? own : kept(to, build.add(sum, own)));
  };
  if (sensitive.has(value.id)) give(value, cotangentOf(build, value, cotangent));
  for (const node of nodes.toReversed()) {
    const inputs = Object.entries(node.inputs).filter(([, input]) =>
      input !== undefined && sensitive.has(input.id)
    );
    // The gradient of an activation, which stays until the layer before, is not there yet while those of weights are computed.
    const isWeight = ([, input]: (typeof inputs)[number]): boolean =>
      graph.parameters.includes(input!);
    const wanted = [...inputs.filter(isWeight), ...inputs.filter((input) => !isWeight(input))];
    const cotangents = Object.fromEntries(
      Object.entries(node.outputs).map(([name, { id }]) => [name, sums.get(id)]),
    );
    const isReached = Object.values(cotangents).some((gradient) => gradient !== undefined);
    if (wanted.length === 0 || !isReached) continue;
    const made = ruleOf(node)(build, node, cotangents);
    for (const [name, input] of wanted) {
      const make = made[name];
      if (make !== undefined) give(input!, make());
    }
  }
  return wrt.map((tensor) => sums.get(tensor.id) ?? independent(tensor, value));
}

/** Values that depend on some, these among them, by id. */
function dependents(nodes: readonly Node[], wrt: readonly Value[]): Set<number> {
  const sensitive = new Set(wrt.map(({ id }) => id));
  for (const node of nodes) {
    if (!inputsOf(node).some(({ id }) => sensitive.has(id))) continue;
    for (const { id, dtype } of outputsOf(node)) if (dtype === "f32") sensitive.add(id);
  }
  return sensitive;
}

function ruleOf({ op }: Node): AnyGradientRule {
  if (Object.hasOwn(GRADIENT_RULES, op)) {
    return (GRADIENT_RULES as unknown as Readonly<Record<string, AnyGradientRule>>)[op];
  }
  throw new FewbitError("unsupported", `Cannot differentiate ${op}`);
}

function cotangentOf(build: NodeBuilder, value: Value, given?: Value): Value {
  if (given === undefined) {
    if (product(value.shape) === 1) return build.reshape(build.scalar(1), value.shape);
    throw new FewbitError(
      "invalid_argument",
      `Cannot differentiate ${format(value.shape)}: one element expected, or a cotangent`,
    );
  }
  if (sameShape(given.shape, value.shape)) return given;
  throw new FewbitError(
    "shape_mismatch",
    `Cannot differentiate ${format(value.shape)}: its cotangent is ${format(given.shape)}`,
  );
}

function independent({ name, shape }: Value, value: Value): never {
  throw new FewbitError(
    "invalid_argument",
    `Cannot differentiate: "${value.name}" ${format(value.shape)} does not depend on "${name}" ${
      format(shape)
    } by ops that have a gradient`,
  );
}
