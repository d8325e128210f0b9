/**
 * Computes only the rows that are looked at: where a graph selects one row of each sequence (the
 * class token), the selection moves up through ops that treat rows alone, as far as the whole value
 * is not needed anyway.
 */
import { nodesOf } from "./graph.ts";
import type { Graph, GraphOutput, Node, Value } from "./graph.ts";
import { selectRow } from "./ops/mod.ts";

/** Ops that treat the rows of their inputs alone, with the positions of these inputs. */
const ROW_LOCAL: Readonly<Record<string, readonly number[]>> = {
  Linear: [0],
  LayerNormalization: [0],
  Activation: [0],
  Gelu: [0],
  Identity: [0],
  Add: [0, 1],
  Softmax: [0],
  AttentionScores: [0],
  AttentionValues: [0],
  QuantizeLinear: [0],
  LinearInteger: [0],
  Requantize: [0, 3],
  LayerNormInteger: [0],
  ShiftGelu: [0],
  Lookup: [0],
  SliceColumns: [0],
  SoftmaxInteger: [0],
  AttentionScoresInteger: [0],
  AttentionValuesInteger: [0],
};

/** Rewrites a graph; its constants and inputs stay the same values. */
export function selectEarly(source: Graph): Graph {
  const graph = source.derive();
  const nodes = nodesOf(source, source.outputs);
  const { whole, row } = needs(nodes, source.outputs);
  const made = new Map<number, Value>();
  const selected = new Map<string, Value>();
  const wholeOf = (value: Value): Value => made.get(value.id) ?? value;
  const rowOf = (value: Value, at: number): Value => {
    const key = `${value.id}|${at}`;
    let result = selected.get(key);
    if (result === undefined) {
      result = graph.apply(selectRow, [wholeOf(value)], { row: at });
      selected.set(key, result);
    }
    return result;
  };
  for (const node of nodes) {
    const { output, inputs, op, attributes } = node;
    if (op === "SelectRow") made.set(output.id, rowOf(inputs[0]!, attributes.row as number));
    else if (whole.has(output.id)) {
      made.set(output.id, graph.replay(node, inputs.map((x) => x && wholeOf(x))));
    } else {
      const local = ROW_LOCAL[op];
      const at = row.get(output.id)!;
      const taken = inputs.map((x, i) => x && (local.includes(i) ? rowOf(x, at) : wholeOf(x)));
      selected.set(`${output.id}|${at}`, graph.replay(node, taken));
    }
  }
  for (const { name, value, entry } of source.outputs) graph.output(name, wholeOf(value), entry);
  return graph;
}

/** Which values are needed as a whole, and of which just one row is: a value of which two are, is whole. */
function needs(
  nodes: readonly Node[],
  outputs: readonly GraphOutput[],
): { whole: Set<number>; row: Map<number, number> } {
  const producers = new Map(nodes.map((node) => [node.output.id, node]));
  const whole = new Set(outputs.map((output) => output.value.id));
  const row = new Map<number, number>();
  for (const node of nodes.toReversed()) {
    const { op, inputs, output, attributes } = node;
    const selects = op === "SelectRow";
    const local = selects
      ? [0]
      : isLocal(node, producers) && !whole.has(output.id)
      ? ROW_LOCAL[op]
      : [];
    if (local.length === 0) whole.add(output.id);
    const wanted = selects ? attributes.row as number : row.get(output.id)!;
    inputs.forEach((input, i) => {
      if (input === undefined) return;
      const other = row.get(input.id);
      if (!local.includes(i) || (other !== undefined && other !== wanted)) whole.add(input.id);
      else row.set(input.id, wanted);
    });
  }
  return { whole, row };
}

/** Whether a row of the output needs that row of the inputs only. */
function isLocal(
  { op, inputs, output }: Node,
  producers: ReadonlyMap<number, Node>,
): boolean {
  const local = ROW_LOCAL[op];
  if (local === undefined) return false;
  // Attention is one instruction: what its softmax needs as a whole, it needs as a whole.
  if (op.startsWith("AttentionValues")) {
    const softmax = producers.get(inputs[0]!.id);
    if (softmax !== undefined && !isLocal(softmax, producers)) return false;
  }
  // What repeats over rows (biases of scores, masks) has no row for each row of the output.
  if (op.startsWith("Softmax") && inputs[inputs.length - 1]?.dtype === "u8") return false;
  // Identities that repeat over rows have none to select either.
  return local.every((i) =>
    i === 0 || inputs[i] === undefined || inputs[i]!.shape.length === output.shape.length
  );
}
