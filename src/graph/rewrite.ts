/** Rewriting a graph node by node. */
import type { Graph, Node, Value } from "./graph.ts";
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

/** Rewrites a graph; its constants and inputs stay the same values. */
export function rewrite(source: Graph, rule: RewriteRule): Graph {
  const steps = rewriteSteps(source, rule);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** As {@linkcode rewrite}, with a pause after each node that the rule has replaced. */
export function* rewriteSteps(source: Graph, rule: RewriteRule): Generator<Node, Graph, void> {
  const graph = source.derive();
  const made = new Map<number, Value>();
  const valueOf = (value: Value): Value => made.get(value.id) ?? value;
  for (const node of nodesOf(source, source.outputs)) {
    const replaced = rule(node, graph, valueOf);
    const outputs = replaced ?? graph.replay(node, valueOf);
    for (const [name, { id }] of Object.entries(node.outputs)) made.set(id, outputs[name]);
    if (replaced !== undefined) yield node;
  }
  for (const { name, value, entry } of source.outputs) graph.output(name, valueOf(value), entry);
  return graph;
}
