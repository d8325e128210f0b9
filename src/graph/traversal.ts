/** Who makes a value, who reads it, and what some outputs need. */
import type { Graph, GraphOutput, GraphUpdate, Node, Value } from "./graph.ts";

/** The outputs of a node, in its op's order. */
export function outputsOf({ outputs }: Node): Value[] {
  return Object.values(outputs);
}

/** The inputs of a node that are there, in its op's order. */
export function inputsOf({ inputs }: Node): Value[] {
  return Object.values(inputs).filter((input) => input !== undefined);
}

/** The node that makes each value, by the value's id. */
export function producersOf(graph: Graph): Map<number, Node> {
  return new Map(graph.nodes.flatMap((node) => outputsOf(node).map(({ id }) => [id, node])));
}

/**
 * The nodes that some outputs need, in order. What a node updates does not make it needed.
 *
 * @param given A value that is there: what makes it is not needed for it.
 */
export function nodesOf(
  graph: Graph,
  outputs: readonly (GraphOutput | GraphUpdate)[],
  given?: Value,
): Node[] {
  const needed = new Set(outputs.map((output) => output.value.id));
  const nodes: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!outputsOf(node).some(({ id }) => needed.has(id) && id !== given?.id)) continue;
    nodes.push(node);
    for (const { id } of inputsOf(node)) needed.add(id);
  }
  return nodes.reverse();
}

/** The nodes that read each value, by the value's id. */
export function consumersOf(nodes: readonly Node[]): Map<number, Node[]> {
  const consumers = new Map<number, Node[]>();
  for (const node of nodes) {
    for (const { id } of new Set(inputsOf(node))) {
      const list = consumers.get(id);
      if (list === undefined) consumers.set(id, [node]);
      else list.push(node);
    }
  }
  return consumers;
}
