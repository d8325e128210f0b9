/** Rewriting a graph node by node. */
import { atOnce } from "../event_loop.ts";
import type { Steps } from "../event_loop.ts";
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
  return atOnce(rewriteSteps(source, rule, outputs));
}

/** As {@linkcode rewrite}, a step for each node that the rule replaces. */
export function* rewriteSteps(
  source: Graph,
  rule: RewriteRule,
  outputs: readonly GraphOutput[] = source.outputs,
): Steps<Graph> {
  const graph = source.derive();
  const updates = outputs === source.outputs ? source.updates : [];
  const made = new Map<number, Value>();
  const valueOf = (value: Value): Value => made.get(value.id) ?? value;
  for (const node of nodesOf(source, [...outputs, ...updates])) {
    const replaced = rule(node, graph, valueOf);
    const copies = replaced ?? graph.replay(node, valueOf);
    for (const [name, { id }] of Object.entries(node.outputs)) {
      made.set(id, copies[name]);
      const storage = source.storage.get(id);
      if (storage !== undefined) graph.storage.set(copies[name].id, storage);
    }
    if (replaced !== undefined) yield;
  }
  for (const { name, value, entry } of outputs) graph.output(name, valueOf(value), entry);
  for (const { value, entry } of updates) graph.update(valueOf(value), entry);
  return graph;
}

/** A node without the names that its copy has. */
export function unnamed(node: Node): Node {
  const outputs = Object.entries(node.outputs)
    .map(([name, value]) => [name, { ...value, name: "" }]);
  return { ...node, name: "", outputs: Object.fromEntries(outputs) };
}
