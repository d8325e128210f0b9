/** Rewriting a graph node by node. */
import type { Graph, GraphOutput, Node, Value } from "./graph.ts";
import { nodesOf } from "./traversal.ts";

/**
 * What stands for a node in the new graph.
 *
 * @param valueOf What stands for each value so far.
 * @returns Its outputs by name; `undefined` where the node stays as it is.
 */
export type RewriteRule = (
  node: Node,
  graph: Graph,
  valueOf: (value: Value) => Value,
) => Node["outputs"] | undefined;

/**
 * Rewrites a graph; its constants and inputs stay the same values.
 *
 * @param outputs What the new graph gives, values of the source. Default: the outputs of the source.
 */
export function rewrite(
  source: Graph,
  rule: RewriteRule,
  outputs: readonly GraphOutput[] = source.outputs,
): Graph {
  const steps = rewriteSteps(source, rule, outputs);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** As {@linkcode rewrite}, with a pause after each node that the rule has replaced. */
export function* rewriteSteps(
  source: Graph,
  rule: RewriteRule,
  outputs: readonly GraphOutput[] = source.outputs,
): Generator<Node, Graph, void> {
  const graph = source.derive();
  const made = new Map<number, Value>();
  const valueOf = (value: Value): Value => made.get(value.id) ?? value;
  for (const node of nodesOf(source, outputs)) {
    const replaced = rule(node, graph, valueOf);
    const copies = replaced ?? graph.replay(node, valueOf);
    for (const [name, { id }] of Object.entries(node.outputs)) made.set(id, copies[name]);
    if (replaced !== undefined) yield node;
  }
  for (const { name, value, entry } of outputs) graph.output(name, valueOf(value), entry);
  return graph;
}
