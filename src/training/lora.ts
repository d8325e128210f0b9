/**
 * Low-rank adapters (LoRA, Hu et al. 2021): beside a weight that stays, the product of two small ones that are trained.
 */
import { FewbitError } from "../errors.ts";
import type { Graph, Node, Value } from "../graph/graph.ts";
import { isNode } from "../graph/op_names.ts";
import type { NodeNamed } from "../graph/op_names.ts";
import { add, conv, linear } from "../graph/ops/mod.ts";
import { NodeBuilder } from "../graph/node_builder.ts";
import { uniform } from "../models/trained_layers.ts";
import { isCount } from "./check_settings.ts";
import { nameList } from "./_name_list.ts";

/** Which weights get adapters, and how wide they are. */
export interface LoraSettings {
  /** Columns between the two small weights. */
  readonly rank: number;
  /** What the product is multiplied with is `alpha / rank`. Default: `rank`, so that it is 1. */
  readonly alpha?: number;
  /** Which weights get one, by name. Default: all that can. */
  readonly adapts?: (name: string) => boolean;
  /** Of the first elements. Default 0. */
  readonly seed?: number;
}

/** The adapter of a weight: `weight + scale·b·a`, rows of outputs and all else as columns. */
export interface Adapter {
  /** Name of the weight. */
  readonly weight: string;
  /** Name of the parameter `[rank, …]`, with the other extents of the weight: random at first. */
  readonly a: string;
  /** Name of the parameter `[outputs, rank]`, of a convolution `[outputs, 1, 1, rank]`: zeros at first. */
  readonly b: string;
  /** `alpha / rank`. */
  readonly scale: number;
}

/** A graph with adapters. */
export interface AdaptedGraph {
  /** The graph. */
  readonly graph: Graph;
  /** Its adapters, in the order of the nodes. */
  readonly adapters: readonly Adapter[];
  /** What stands for a value of the source. */
  readonly valueOf: (value: Value) => Value;
}

/** `LORA`: the stream of random numbers of adapters. */
const LORA_STREAM = 0x4c4f5241;
/** Most columns between the small weights. */
const MOST_RANK = 65_536;

/** Nodes that can have an adapter. */
type Adaptable = NodeNamed<"Linear"> | NodeNamed<"Conv">;

/**
 * Puts adapters beside the weights of linear layers and of convolutions:
 *
 * - linear: `y = W·x + (alpha/rank)·B·(A·x)`,
 * - convolution: A is one with the kernel, strides, padding and dilation of W and `rank` outputs, B one of 1×1, so that
 *   the sum is again a convolution, with `W + (alpha/rank)·B·A` (as PEFT has it).
 *
 * B is zero at first, so that the outputs are those of the source; A is uniform within `1/√inputs` of an output. Weights
 * that are no parameters, and convolutions in groups, whose kernels have no rank to lower, have none. A weight that
 * several nodes read has one adapter.
 *
 * @throws {FewbitError} `invalid_argument` for settings out of range, or where no weight gets an adapter.
 *
 * @example
 * ```ts
 * import { addAdapters, Graph, ops } from "@fewbit/fewbit/train";
 *
 * const graph = new Graph();
 * const x = graph.input("x", "f32", [1, 4]);
 * const data = new Float32Array(12).fill(1);
 * const weight = graph.parameter("fc.weight", { dtype: "f32", shape: [3, 4], data });
 * graph.output("y", graph.apply(ops.linear, { x, weight }));
 * const { adapters } = addAdapters(graph, { rank: 2 });
 * console.log(adapters[0].a); // fc.lora_A.weight
 * ```
 */
export function addAdapters(source: Graph, settings: LoraSettings): AdaptedGraph {
  const { rank, alpha = rank, adapts = () => true, seed = 0 } = settings;
  check("rank", rank, isCount(rank) && rank >= 1 && rank <= MOST_RANK, `1 to ${MOST_RANK}`);
  check("alpha", alpha, alpha > 0 && alpha < Infinity, "a number above 0");
  check("seed", seed, isCount(seed), "an integer from 0 to 2^53 − 1");
  const initialize = uniform(seed, LORA_STREAM);
  const graph = source.derive();
  const build = new NodeBuilder(graph);
  const made = new Map<number, Value>();
  const valueOf = (value: Value): Value => made.get(value.id) ?? value;
  const pairs = new Map<number, { readonly a: Value; readonly b: Value }>();
  const adapters: Adapter[] = [];
  const pairOf = (weight: Value, isConvolution: boolean) => {
    const known = pairs.get(weight.id);
    if (known !== undefined) return known;
    const [outputs, ...rest] = weight.shape as number[];
    const name = weight.name.replace(/\.weight$/, "");
    const start = {
      name: `${name}.lora_A.weight`,
      shape: [rank, ...rest],
      bound: 1 / Math.sqrt(rest.reduce((x, y) => x * y, 1)),
      offset: 0,
    };
    const [a, b] = [
      graph.parameter(start.name, { dtype: "f32", shape: start.shape, data: initialize(start) }),
      graph.parameter(`${name}.lora_B.weight`, {
        dtype: "f32",
        shape: isConvolution ? [outputs, 1, 1, rank] : [outputs, rank],
        data: new Float32Array(outputs * rank),
      }),
    ];
    pairs.set(weight.id, { a, b });
    adapters.push({ weight: weight.name, a: a.name, b: b.name, scale: alpha / rank });
    return { a, b };
  };
  for (const node of source.nodes) {
    const copies = isAdaptable(source, node) && adapts(node.inputs.weight.name)
      ? { y: adapted(build, node, valueOf, pairOf, alpha / rank) }
      : graph.replay(node, valueOf);
    for (const [name, { id }] of Object.entries(node.outputs)) made.set(id, copies[name as "y"]);
  }
  if (adapters.length === 0) {
    const names = source.nodes.filter((node): node is Adaptable => isAdaptable(source, node))
      .map(({ inputs }) => inputs.weight.name);
    throw new FewbitError(
      "invalid_argument",
      `Cannot adapt: no weight gets an adapter; those that can are ${nameList(names)}`,
    );
  }
  for (const { name, value, entry } of source.outputs) graph.output(name, valueOf(value), entry);
  for (const { value, entry } of source.updates) graph.update(valueOf(value), entry);
  return { graph, adapters, valueOf };
}

/** Whether the weight of a node can have an adapter. */
function isAdaptable(graph: Graph, node: Node): node is Adaptable {
  if (isNode(node, "Linear")) return graph.parameters.includes(node.inputs.weight);
  return isNode(node, "Conv") && (node.attributes.group ?? 1) === 1 &&
    graph.parameters.includes(node.inputs.weight);
}

/** A node and its adapter beside it; the sum has its names. */
function adapted(
  build: NodeBuilder,
  node: Adaptable,
  valueOf: (value: Value) => Value,
  pairOf: (weight: Value, isConvolution: boolean) => { readonly a: Value; readonly b: Value },
  scale: number,
): Value {
  const { graph } = build;
  const { x: input, weight, bias } = node.inputs;
  const x = valueOf(input);
  const isConvolution = isNode(node, "Conv");
  const { a, b } = pairOf(weight, isConvolution);
  const given = { x, weight, bias };
  // The factor stands between the two: there are fewest elements.
  const [base, narrow] = isConvolution
    ? [
      graph.apply(conv, given, node.attributes),
      graph.apply(conv, { x, weight: a }, node.attributes),
    ]
    : [graph.apply(linear, given), graph.apply(linear, { x, weight: a })];
  const scaled = build.scale(narrow, scale);
  const wide = isConvolution
    ? graph.apply(conv, { x: scaled, weight: b })
    : graph.apply(linear, { x: scaled, weight: b });
  const names = { name: node.name, output: node.outputs.y.name };
  return graph.apply(add, { a: base, b: wide }, {}, names);
}

function check(name: string, value: unknown, isGood: boolean, expected: string): void {
  if (isGood) return;
  throw new FewbitError(
    "invalid_argument",
    `Cannot adapt: ${name} is ${String(value)}, expected ${expected}`,
  );
}
