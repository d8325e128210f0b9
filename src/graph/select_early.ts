/**
 * Computes only the rows that are looked at: where a graph selects one row of each sequence (the
 * class token), the selection moves up through ops that treat rows alone, as far as the whole value
 * is not needed anyway.
 */
import type { Graph, Node, Value } from "./graph.ts";
import { isNode } from "./op_names.ts";
import { selectRow } from "./ops/mod.ts";
import { nodesOf, outputsOf, producersOf } from "./traversal.ts";

/** Rewrites a graph; its constants and inputs stay the same values. */
export function selectEarly(source: Graph): Graph {
  const graph = source.derive();
  const nodes = nodesOf(source, source.outputs);
  const { whole, row } = needs(source, nodes);
  const made = new Map<number, Value>();
  const selected = new Map<string, Value>();
  const wholeOf = (value: Value): Value => made.get(value.id) ?? value;
  const rowOf = (value: Value, at: number): Value => {
    const key = `${value.id}|${at}`;
    let result = selected.get(key);
    if (result === undefined) {
      result = graph.apply(selectRow, { x: wholeOf(value) }, { row: at });
      selected.set(key, result);
    }
    return result;
  };
  for (const node of nodes) {
    const [output] = outputsOf(node);
    if (isNode(node, "SelectRow")) {
      made.set(output.id, rowOf(node.inputs.x, node.attributes.row));
    } else if (outputsOf(node).some(({ id }) => whole.has(id))) {
      const copies = graph.replay(node, wholeOf);
      for (const [of, { id }] of Object.entries(node.outputs)) made.set(id, copies[of]);
    } else {
      const at = row.get(output.id)!;
      const { rowLocal = [] } = node.definition;
      const { y } = graph.replay(
        node,
        (x, name) => rowLocal.includes(name) ? rowOf(x, at) : wholeOf(x),
      );
      selected.set(`${output.id}|${at}`, y);
    }
  }
  for (const { name, value, entry } of source.outputs) graph.output(name, wholeOf(value), entry);
  return graph;
}

/** Which values are needed as a whole, and of which just one row is: a value of which two are, is whole. */
function needs(
  source: Graph,
  nodes: readonly Node[],
): { whole: Set<number>; row: Map<number, number> } {
  const producers = producersOf(source);
  const whole = new Set(source.outputs.map((output) => output.value.id));
  const row = new Map<number, number>();
  for (const node of nodes.toReversed()) {
    const [{ id }] = outputsOf(node);
    const local = isNode(node, "SelectRow")
      ? ["x"]
      : whole.has(id)
      ? []
      : localInputs(node, producers);
    if (local.length === 0) { for (const output of outputsOf(node)) whole.add(output.id); }
    const wanted = isNode(node, "SelectRow") ? node.attributes.row : row.get(id)!;
    for (const [name, input] of Object.entries(node.inputs)) {
      if (input === undefined) continue;
      const other = row.get(input.id);
      if (!local.includes(name) || (other !== undefined && other !== wanted)) whole.add(input.id);
      else row.set(input.id, wanted);
    }
  }
  return { whole, row };
}

/** Inputs of which a row of the output needs that row only; none where it needs more. */
function localInputs(node: Node, producers: ReadonlyMap<number, Node>): readonly string[] {
  const { definition: { rowLocal = [], joins, isRowLocal }, inputs } = node;
  if (outputsOf(node).length > 1 || isRowLocal?.(inputs) === false) return [];
  const joined = joins === undefined ? undefined : producers.get(inputs[joins]!.id);
  if (joined !== undefined && localInputs(joined, producers).length === 0) return [];
  // What repeats over rows has no row for each row of the output.
  const rank = outputsOf(node)[0].shape.length;
  const fits = rowLocal.every((name, i) =>
    i === 0 || inputs[name] === undefined || inputs[name].shape.length === rank
  );
  return fits ? rowLocal : [];
}
