/**
 * Gradients that go on from those that are stored: the sums of several runs of a network are those of one run of all
 * their examples, to the bit where the order of a sum allows it.
 */
import { product } from "../graph/extent.ts";
import type { Graph, Node, Value } from "../graph/graph.ts";
import type { NodeBuilder } from "../graph/node_builder.ts";
import { isNode } from "../graph/op_names.ts";
import { accumulate, convWeightGradient, matMul, sliceColumns } from "../graph/ops/mod.ts";
import { producersOf } from "../graph/traversal.ts";

/** Behind the name of a parameter: the sum of its gradients since the last step. */
export const GRADIENT = ".gradient";

/** Rows that a product whose first factor is transposed adds up in one accumulator. */
const BLOCK = 128;

/** The stored gradient of each parameter. */
export function storedGradients(graph: Graph, parameters: readonly Value[]): Value[] {
  return parameters.map(({ name, shape }) => graph.state(`${name}${GRADIENT}`, "f32", shape));
}

/**
 * Adds gradients to stored ones. Those of convolutions are added picture by picture, as one run of all pictures adds
 * them; products of matrices row by row where a step has at most 128 rows, and else in their blocks of 128.
 *
 * @param times Runs of a step.
 */
export function accumulateGradients(
  build: NodeBuilder,
  gradients: readonly Value[],
  stored: readonly Value[],
  { times, entry }: { readonly times: number; readonly entry: string },
): void {
  const producers = producersOf(build.graph);
  gradients.forEach((gradient, i) => {
    for (const part of partsOf(build, gradient, producers, times)) {
      const x = build.reshape(part, stored[i].shape);
      build.graph.update(build.graph.apply(accumulate, { state: stored[i], x }), entry);
    }
  });
}

/** What a gradient is the sum of, in the order in which it is added up. */
function partsOf(
  build: NodeBuilder,
  gradient: Value,
  producers: ReadonlyMap<number, Node>,
  times: number,
): Value[] {
  const node = producers.get(gradient.id);
  if (node === undefined) return [gradient];
  if (isNode(node, "Reshape")) return partsOf(build, node.inputs.x, producers, times);
  if (isNode(node, "ConvWeightGradient")) {
    const { inputs: { x, dy }, attributes } = node;
    return ranges(x.shape[0] as number, 1).map(([from, to]) =>
      build.graph.apply(convWeightGradient, {
        x: rowsOf(build, x, from, to),
        dy: rowsOf(build, dy, from, to),
      }, attributes)
    );
  }
  if (isNode(node, "MatMul") && node.attributes.transposeA === true) {
    const { inputs: { a, b }, attributes } = node;
    if (a.shape.length > 2 || b.shape.length > 2) return [gradient];
    const rows = a.shape[0] as number;
    const size = rows * times <= BLOCK ? 1 : rows % BLOCK === 0 ? BLOCK : rows;
    return ranges(rows, size).map(([from, to]) =>
      build.graph.apply(matMul, {
        a: rowsOf(build, a, from, to),
        b: rowsOf(build, b, from, to),
      }, attributes)
    );
  }
  return [gradient];
}

function ranges(count: number, size: number): [from: number, to: number][] {
  return Array.from(
    { length: Math.ceil(count / size) },
    (_, i) => [i * size, Math.min(count, (i + 1) * size)],
  );
}

/** Some of what lies along the first axis; no data is moved. */
function rowsOf(build: NodeBuilder, x: Value, from: number, to: number): Value {
  const [rows, ...rest] = x.shape as number[];
  if (from === 0 && to === rows) return x;
  const size = product(rest) as number;
  const flat = build.reshape(x, [1, rows * size]);
  const cut = build.graph.apply(sliceColumns, { x: flat }, { start: from * size, end: to * size });
  return build.reshape(cut, [to - from, ...rest]);
}
