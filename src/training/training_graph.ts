/** From a network and its loss to a graph that trains it. */
import { FewbitError } from "../errors.ts";
import { frozenBatchNormalization } from "../graph/expand_batch_normalization.ts";
import type { Graph, Node, Value } from "../graph/graph.ts";
import { NodeBuilder } from "../graph/node_builder.ts";
import { isNode } from "../graph/op_names.ts";
import type { NodeNamed } from "../graph/op_names.ts";
import { accumulate, assign, dropout } from "../graph/ops/mod.ts";
import { inputsOf, nodesOf } from "../graph/traversal.ts";
import { gradients } from "../gradients/gradients.ts";
import { high, low } from "../numeric/random_word.ts";
import { checkDecay, checkSettings } from "./_check_settings.ts";
import { trainedBatchNormalization } from "./layers/batch_normalization.ts";
import { clipByNorm } from "./optimizers/clipping.ts";
import { optimizerStep } from "./optimizers/optimizer.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import { learningRate } from "./optimizers/schedule.ts";
import type { Schedule } from "./optimizers/schedule.ts";

/** How a network is trained. */
export interface TrainingSettings {
  /** What is made smaller: a value of one element. */
  readonly loss: Value;
  /** Default: SGD without momentum. */
  readonly optimizer?: Optimizer;
  /** The largest learning rate. */
  readonly rate: number;
  /** How the rate follows from the step. Default: it stays. */
  readonly schedule?: Schedule;
  /** Which parameters change, by name. Default: all that the loss depends on. */
  readonly trainable?: (name: string) => boolean;
  /** Whether batch normalisation keeps its running statistics: evaluation mode, with scale and bias that change. */
  readonly frozenStatistics?: boolean;
  /** Which parameters have a decay other than the optimiser's: 0, say, for those of norms. */
  readonly decay?: (name: string, shape: readonly number[]) => number | undefined;
  /** Most that the norm of all gradients together may be. */
  readonly clipNorm?: number;
  /** Of dropout and shuffles. Default 0. */
  readonly seed?: number;
}

/** Entry of a step. */
export const TRAIN_STEP = "train_step";
/** Names of what a step counts, and of its random numbers. */
export const STEP = "train.step", RANDOM = "train.random";

/**
 * The graph of a network that trains: the entry `train_step` computes the loss as training does (statistics of the batch,
 * dropout), its gradients, and updates parameters, running statistics and what the optimiser remembers; all other entries
 * are the network's, in evaluation mode. Learning rates, bias corrections and random numbers follow from a step that the
 * program counts, so that a host calls one entry a step.
 *
 * Where neither scale nor bias of a batch normalisation changes, it stays in evaluation mode.
 *
 * @throws {FewbitError} `invalid_argument` for settings out of range, or a loss that depends on no parameter that
 * changes; `unsupported` where an op has no gradient.
 */
export function trainingGraph(source: Graph, settings: TrainingSettings): Graph {
  checkSettings(settings);
  const { optimizer = { kind: "sgd" }, schedule = { kind: "constant" }, seed = 0 } = settings;
  const graph = source.derive();
  for (const { name, value, entry } of evaluated(source, graph)) graph.output(name, value, entry);
  const build = new NodeBuilder(graph);
  const step = graph.state(STEP, "f32", [1]);
  const random = graph.state(RANDOM, "i32", [6], Int32Array.of(low(seed), high(seed), 0, 0, 0, 0));
  const nodes = nodesOf(source, [{ value: settings.loss, entry: TRAIN_STEP }]);
  const parameters = changing(source, nodes, settings);
  const normalized = settings.frozenStatistics === true ? [] : parameters;
  const forward = trainedForward(build, nodes, normalized, random);
  const loss = forward.valueOf(settings.loss);
  let made = gradients(graph, loss, parameters);
  if (settings.clipNorm !== undefined) {
    made = [...clipByNorm(build, made, settings.clipNorm).gradients];
  }
  const rate = learningRate(build, settings.rate, schedule, step);
  const appliers = new Map<number | undefined, ReturnType<typeof optimizerStep>>();
  parameters.forEach((parameter, i) => {
    const decay = settings.decay?.(parameter.name, parameter.shape as readonly number[]);
    let apply = appliers.get(decay);
    if (apply === undefined) {
      if (decay !== undefined) checkDecay(`decay of ${parameter.name}`, decay);
      const own = decay === undefined ? optimizer : { ...optimizer, decay };
      apply = optimizerStep(build, own, rate, build.shift(step, 1));
      appliers.set(decay, apply);
    }
    graph.update(apply(parameter, made[i]).parameter, TRAIN_STEP);
  });
  for (const { state, x } of forward.statistics) {
    graph.update(graph.apply(assign, { state, x }), TRAIN_STEP);
  }
  graph.output("loss", loss, TRAIN_STEP);
  graph.output("rate", rate, TRAIN_STEP);
  count(graph, step, random);
  return graph;
}

/** Adds one to the step, as a number and as a word of the random numbers. */
function count(graph: Graph, step: Value, random: Value): void {
  const one = graph.constant("", { dtype: "f32", shape: [1], data: Float32Array.of(1) });
  const word = graph.constant("", {
    dtype: "i32",
    shape: [6],
    data: Int32Array.of(0, 0, 1, 0, 0, 0),
  });
  graph.update(graph.apply(accumulate, { state: step, x: one }), TRAIN_STEP);
  graph.update(graph.apply(accumulate, { state: random, x: word }), TRAIN_STEP);
}

/** The parameters that the loss depends on and that change. */
function changing(
  source: Graph,
  nodes: readonly Node[],
  { trainable = () => true }: TrainingSettings,
): Value[] {
  const read = new Set(nodes.flatMap(inputsOf).map(({ id }) => id));
  const found = source.parameters.filter(({ id, name }) => read.has(id) && trainable(name));
  if (found.length > 0) return found;
  throw new FewbitError(
    "invalid_argument",
    "Cannot train: the loss depends on no parameter that changes",
  );
}

/** The outputs of the network, its nodes copied as they are. */
function evaluated(source: Graph, graph: Graph) {
  const made = new Map<number, Value>();
  const valueOf = (value: Value): Value => made.get(value.id) ?? value;
  for (const node of nodesOf(source, source.outputs)) {
    const copies = graph.replay(node, valueOf);
    for (const [name, { id }] of Object.entries(node.outputs)) made.set(id, copies[name]);
  }
  return source.outputs.map(({ name, value, entry }) => ({ name, value: valueOf(value), entry }));
}

/** The nodes of the loss in training mode, and what running statistics become. */
function trainedForward(
  build: NodeBuilder,
  nodes: readonly Node[],
  normalized: readonly Value[],
  random: Value,
) {
  const made = new Map<number, Value>();
  const statistics: { readonly state: Value; readonly x: Value }[] = [];
  const valueOf = (value: Value): Value => made.get(value.id) ?? value;
  for (const node of nodes) {
    const copies = isNode(node, "BatchNormalization")
      ? { y: normalize(build, node, valueOf, normalized, statistics) }
      : isNode(node, "Dropout")
      ? { y: build.graph.apply(dropout, { x: valueOf(node.inputs.x), random }, node.attributes) }
      : build.graph.replay(unnamed(node), valueOf);
    for (const [name, { id }] of Object.entries(node.outputs)) made.set(id, copies[name as "y"]);
  }
  return { valueOf, statistics };
}

/** @param changing Parameters by which it is known whether statistics are those of the batch. */
function normalize(
  build: NodeBuilder,
  { inputs, attributes }: NodeNamed<"BatchNormalization">,
  valueOf: (value: Value) => Value,
  changing: readonly Value[],
  statistics: { readonly state: Value; readonly x: Value }[],
): Value {
  const given = { ...inputs, x: valueOf(inputs.x) };
  const isFrozen = !changing.includes(inputs.scale) && !changing.includes(inputs.bias);
  if (isFrozen) return frozenBatchNormalization(build, given, attributes);
  const { epsilon, momentum = 0.1, unbiased = true } = attributes;
  const trained = trainedBatchNormalization(build, given, { epsilon, momentum, unbiased });
  statistics.push({ state: inputs.mean, x: trained.runningMean });
  statistics.push({ state: inputs.variance, x: trained.runningVariance });
  return trained.y;
}

/** A node without the names that its copy in another entry has. */
function unnamed(node: Node): Node {
  const outputs = Object.entries(node.outputs).map((
    [name, value],
  ) => [name, { ...value, name: "" }]);
  return { ...node, name: "", outputs: Object.fromEntries(outputs) };
}
