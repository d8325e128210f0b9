/**
 * What gradients need of values in fewer bits than the values have: of a ReLU's result which elements are above 0, of a max
 * pool's picture which places of its windows are the largest.
 */
import { MOST_PLACES } from "./ops/max_pool_places.ts";
import type { Graph, Node, Value } from "./graph.ts";
import { sizeOf } from "./node_work.ts";
import { isNode } from "./op_names.ts";
import { masked, maxPoolPlaces, maxPoolScatter, signBits } from "./ops/mod.ts";
import { rewrite } from "./rewrite.ts";
import { Schedule } from "./schedule.ts";
import { producersOf } from "./traversal.ts";

/**
 * Packs values of an entry that are kept for a gradient of a ReLU or of a max pool alone, as long as that makes its fullest
 * moment less full. The bits of what is computed are the same.
 */
export function packedStash(source: Graph, entry: string): Graph {
  for (let graph = source;;) {
    const gradients = packable(graph, entry);
    if (gradients.size === 0) return graph;
    graph = packed(graph, gradients);
  }
}

/** The gradients that alone need a value which is there in the fullest moment, and is made before it. */
function packable(graph: Graph, entry: string): Set<Node> {
  const schedule = Schedule.of(graph, entry);
  const { turns, values, memory, profile: { first, readers, bytes } } = schedule;
  const fullest = bytes.indexOf(schedule.peak);
  return new Set(values.flatMap((value, version) => {
    if (first[version] >= fullest) return [];
    const later = readers[version].filter((turn) => turn >= fullest).map((turn) =>
      turns[turn].node
    );
    const packed = later.reduce((sum, node) => sum + packedBytes(node, value), 0);
    return later.length > 0 && packed < memory.bytesOf(value) ? later : [];
  }));
}

/** Bytes of what a gradient reads in place of a value; infinitely many where there is nothing else. */
function packedBytes(node: Node, value: Value): number {
  if (node.inputs.x !== value) return Infinity;
  if (isNode(node, "UnaryGradient")) {
    const fits = node.attributes.kind === "relu" && sizeOf(value) % 8 === 0;
    return fits ? sizeOf(value) / 8 : Infinity;
  }
  if (!isNode(node, "MaxPoolGradient")) return Infinity;
  const [rows, columns] = node.attributes.kernel;
  return rows * columns <= MOST_PLACES ? sizeOf(node.inputs.dy) : Infinity;
}

/** The graph in which these gradients read what is packed behind the nodes that made it. */
function packed(source: Graph, gradients: ReadonlySet<Node>): Graph {
  const producers = producersOf(source);
  /** By the maker of a value: gradients that read it. */
  const readers = new Map<Node, Node[]>();
  for (const node of gradients) {
    const maker = producers.get(node.inputs.x!.id)!;
    readers.set(maker, [...readers.get(maker) ?? [], node]);
  }
  const made = new Map<Node, Value>();
  return rewrite(source, (node, graph, valueOf) => {
    const stash = made.get(node);
    if (stash !== undefined && isNode(node, "UnaryGradient")) {
      return { y: graph.apply(masked, { x: valueOf(node.inputs.dy), bits: stash }) };
    }
    if (stash !== undefined && isNode(node, "MaxPoolGradient")) {
      const extents = node.inputs.x.shape.slice(1, 3) as number[];
      const inputs = { places: stash, dy: valueOf(node.inputs.dy) };
      return { y: graph.apply(maxPoolScatter, inputs, { ...node.attributes, extents }) };
    }
    const own = readers.get(node);
    if (own === undefined) return undefined;
    const copies = graph.replay(node, valueOf);
    for (const gradient of own) {
      const name = Object.keys(node.outputs)
        .find((name) => node.outputs[name] === gradient.inputs.x)!;
      const x = copies[name];
      made.set(
        gradient,
        isNode(gradient, "MaxPoolGradient")
          ? graph.apply(maxPoolPlaces, { x }, gradient.attributes)
          : graph.apply(signBits, { x }),
      );
    }
    return copies;
  });
}
