/** Training some of a trained network: what a selection of its parameters is, as a graph and settings. */
import { FewbitError } from "../errors.ts";
import type { Graph, Node, Value } from "../graph/graph.ts";
import { inputsOf, nodesOf } from "../graph/traversal.ts";
import { nameList } from "./_name_list.ts";
import { addAdapters } from "./lora.ts";
import type { Adapter } from "./lora.ts";

/** Options of {@linkcode fineTuning}. */
export interface FineTuningOptions {
  /** Outputs of the head. Default: the graph's output `logits`. */
  readonly logits?: Value;
  /** Parameters that are trained whatever is selected, such as those of a new head. */
  readonly always?: (name: string) => boolean;
  /** Of first elements of adapters. Default 0. */
  readonly seed?: number;
}

/** What is trained of a network; `graph` and the first three are what `Trainer.load` takes. */
export interface FineTuning {
  /** The network, with adapters where some were asked for. */
  readonly graph: Graph;
  /** The loss in that graph. */
  readonly loss: Value;
  /** Whether a parameter changes. */
  readonly trainable: (name: string) => boolean;
  /** Whether running statistics stay, and normalise in training, too. */
  readonly frozenStatistics: boolean;
  /** Adapters; none without `lora`. */
  readonly adapters: readonly Adapter[];
  /** Names of the parameters that change. */
  readonly trained: readonly string[];
}

/** Ops that normalise. */
const NORMS = ["BatchNormalization", "LayerNormalization", "RMSNormalization"];
/** What a selection may say. */
const WORDS = "head, bias, norm, lora:RANK, lora:RANK:ALPHA, blocks:FIRST-LAST, full";

/**
 * Selects what of a network is trained:
 *
 * - `head`: the last layer that has parameters,
 * - `bias`: all biases, those of norms among them,
 * - `norm`: scales and biases of norms, whose running statistics go on,
 * - `lora:8` or `lora:8:16`: adapters of a rank (and an alpha, by default the rank) beside all weights but the head's,
 * - `blocks:4-6` or `blocks:4`: parameters whose name has such a number first (`blocks.4.mlp.fc1.weight`, `s2.a.weight`),
 * - `full`: all,
 *
 * or several of them with commas. With `head`, `bias` and `lora` alone batch normalisation keeps its running statistics.
 * Nothing below the lowest tensor that changes is differentiated, nor kept for it.
 *
 * @param source The network with its loss.
 * @param loss Value of one element.
 * @param only The selection.
 * @throws {FewbitError} `invalid_argument` for words that are none, and where one of them selects nothing.
 *
 * @example
 * ```ts
 * import { crossEntropy, fineTuning, Graph, NodeBuilder, ops, Trainer } from "@fewbit/fewbit/train";
 *
 * const graph = new Graph();
 * const x = graph.input("x", "f32", [2, 4]);
 * const labels = graph.input("labels", "i32", [2], { check: "below", limit: 3 });
 * const of = (name: string, ...shape: number[]) => {
 *   const data = new Float32Array(shape.reduce((a, b) => a * b)).fill(0.1);
 *   return graph.parameter(name, { dtype: "f32", shape, data });
 * };
 * const hidden = graph.apply(ops.linear, { x, weight: of("fc1.weight", 8, 4) });
 * const logits = graph.apply(ops.linear, { x: hidden, weight: of("fc2.weight", 3, 8) });
 * graph.output("logits", logits);
 * const loss = crossEntropy(new NodeBuilder(graph), logits, labels);
 *
 * const tuning = fineTuning(graph, loss, "head,lora:2");
 * console.log(tuning.trained); // [ "fc2.weight", "fc1.lora_A.weight", "fc1.lora_B.weight" ]
 * using trainer = await Trainer.load(tuning.graph, { ...tuning, rate: 0.1 });
 * ```
 */
export function fineTuning(
  source: Graph,
  loss: Value,
  only: string,
  { logits = logitsOf(source), always = () => false, seed = 0 }: FineTuningOptions = {},
): FineTuning {
  for (const value of [loss, logits]) {
    if (source.has(value)) continue;
    throw new FewbitError("invalid_argument", "Cannot fine-tune: it is no value of this graph");
  }
  const nodes = nodesOf(source, [{ value: loss, entry: "" }, { value: logits, entry: "" }]);
  const parameters = source.parameters.filter((parameter) =>
    nodes.some((node) => inputsOf(node).includes(parameter))
  );
  const head = headOf(source, logits);
  const trained = new Set(parameters.map(({ name }) => name).filter(always));
  const words = only.split(",").map((word) => word.trim());
  for (const word of words.filter((word) => !word.startsWith("lora"))) {
    const found = selected(word, { parameters, nodes, head });
    if (found.length === 0) {
      const all = nameList(parameters.map(({ name }) => name));
      refuse(`"${word}" selects nothing; the parameters are ${all}`);
    }
    for (const { name } of found) trained.add(name);
  }
  const frozenStatistics = !words.some((word) => /^(norm|blocks|full)/.test(word));
  const lora = words.filter((word) => word.startsWith("lora"));
  if (lora.length > 1) refuse(`"${only}" asks for adapters twice`);
  if (lora.length === 0) {
    return { ...finished(source, loss, trained), frozenStatistics, adapters: [] };
  }
  const [, rank, alpha] = /^lora:(\d+)(?::(\d+(?:\.\d+)?))?$/.exec(lora[0]) ?? refuseWord(lora[0]);
  const { graph, adapters, valueOf } = addAdapters(source, {
    rank: Number(rank),
    ...alpha !== undefined && { alpha: Number(alpha) },
    adapts: (name) => head.every((parameter) => parameter.name !== name),
    seed,
  });
  for (const { a, b } of adapters) trained.add(a).add(b);
  return { ...finished(graph, valueOf(loss), trained), frozenStatistics, adapters };
}

function finished(graph: Graph, loss: Value, trained: ReadonlySet<string>) {
  return { graph, loss, trained: [...trained], trainable: (name: string) => trained.has(name) };
}

/** The parameters of a selection's word. */
function selected(
  word: string,
  { parameters, nodes, head }: {
    readonly parameters: readonly Value[];
    readonly nodes: readonly Node[];
    readonly head: readonly Value[];
  },
): readonly Value[] {
  const read = (by: (node: Node) => readonly (Value | undefined)[]): readonly Value[] => {
    const values = new Set(nodes.flatMap(by));
    return parameters.filter((parameter) => values.has(parameter));
  };
  if (word === "full") return parameters;
  if (word === "head") return head;
  if (word === "norm") return read((node) => NORMS.includes(node.op) ? inputsOf(node) : []);
  if (word === "bias") return read(({ inputs }) => [inputs.bias]);
  const [, first, last = first] = /^blocks:(\d+)(?:-(\d+))?$/.exec(word) ?? refuseWord(word);
  return parameters.filter(({ name }) => {
    const block = blockOf(name);
    return block !== undefined && block >= Number(first) && block <= Number(last);
  });
}

/** The number of a parameter's block: the first in its name. */
function blockOf(name: string): number | undefined {
  const [digits] = /\d+/.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** The parameters of the last layer that has some. */
export function headOf(graph: Graph, logits: Value): readonly Value[] {
  const reads = (node: Node): readonly Value[] =>
    inputsOf(node).filter((input) => graph.parameters.includes(input));
  const last = nodesOf(graph, [{ value: logits, entry: "" }]).findLast((node) =>
    reads(node).length > 0
  );
  return last === undefined ? [] : reads(last);
}

function logitsOf(graph: Graph): Value {
  const found = graph.outputs.find(({ name }) => name === "logits");
  return found?.value ?? refuse("the graph has no output logits; give them");
}

function refuseWord(word: string): never {
  return refuse(`"${word}" is no selection; there are ${WORDS}`);
}

function refuse(why: string): never {
  throw new FewbitError("invalid_argument", `Cannot fine-tune: ${why}`);
}
