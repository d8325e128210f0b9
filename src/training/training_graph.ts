/** From a network and its loss to a graph that trains it. */
import { FewbitError } from "../errors.ts";
import { updatedEarly } from "../graph/early_updates.ts";
import { frozenBatchNormalization } from "../graph/expand_batch_normalization.ts";
import type { Graph, Node, Value } from "../graph/graph.ts";
import { NodeBuilder } from "../graph/node_builder.ts";
import { product } from "../graph/extent.ts";
import { isNode } from "../graph/op_names.ts";
import type { NodeNamed } from "../graph/op_names.ts";
import { accumulate, assign, dropout, less } from "../graph/ops/mod.ts";
import { unnamed } from "../graph/rewrite.ts";
import { inputsOf, nodesOf } from "../graph/traversal.ts";
import { gradients } from "../gradients/gradients.ts";
import { accumulateGradients, storedGradients } from "./_accumulate_gradients.ts";
import { applyGradients } from "./_apply_gradients.ts";
import { checkRelease, checkSettings } from "./check_settings.ts";
import { ScaledLoss } from "./loss_scale.ts";
import type { LossScale } from "./loss_scale.ts";
import { RandomWords } from "./_random_words.ts";
import { HalfPrecision } from "./half_precision.ts";
import type { MasterKind, SumsKind, TrainingType } from "./half_precision.ts";
import type { RenormLimits } from "./continual/renorm_limits.ts";
import { batchRenormalization } from "./layers/batch_renormalization.ts";
import { trainedBatchNormalization } from "./layers/batch_normalization.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import type { PlateauSchedule } from "./optimizers/plateau.ts";
import type { Schedule } from "./optimizers/schedule.ts";

/** Parameters that are updated in a way of their own. */
export interface ParameterGroup {
  /** What the learning rate is multiplied with. Default 1. */
  readonly rate?: number;
  /** Their decay. */
  readonly decay?: number;
  /** Their optimiser, with its settings. */
  readonly optimizer?: Optimizer;
}

/** How a network is trained. */
export interface TrainingSettings {
  /** What is made smaller: a value of one element. */
  readonly loss: Value;
  /** Default: SGD without momentum. */
  readonly optimizer?: Optimizer;
  /** The largest learning rate. */
  readonly rate: number;
  /** How the rate follows from the step, or from the losses. Default: it stays. */
  readonly schedule?: Schedule | PlateauSchedule;
  /** Which parameters change, by name. Default: all that the loss depends on. */
  readonly trainable?: (name: string) => boolean;
  /** Whether batch normalisation keeps its running statistics: evaluation mode, with scale and bias that change. */
  readonly frozenStatistics?: boolean;
  /**
   * Batch Renorm in the place of batch normalisation: how far it corrects the statistics of a batch, and the share of the
   * batch in the running ones. Default: no correction.
   */
  readonly renorm?: RenormLimits & { readonly rate: number };
  /** Which parameters have a decay other than the optimiser's: 0, say, for those of norms. */
  readonly decay?: (name: string, shape: readonly number[]) => number | undefined;
  /** What is special of a parameter: a rate, a decay, an optimiser of its group. */
  readonly group?: (name: string, shape: readonly number[]) => ParameterGroup | undefined;
  /**
   * Runs of the network whose gradients a step adds up: a step has so many times the graph's batch, in the memory of one
   * batch. Norms take their statistics from each run. Default 1.
   */
  readonly accumulate?: number;
  /** What moving averages of the parameters keep of themselves in a step. Default: there are none. */
  readonly average?: number;
  /** Most that the norm of all gradients together may be. */
  readonly clipNorm?: number;
  /** Of dropout, shuffles and stochastic rounding. Default 0. */
  readonly seed?: number;
  /**
   * As what activations, what is kept of them for gradients, and parameters are kept: one type, or that of the layer that has a
   * parameter of this name. Statistics, losses and optimisers are float32 always, sums where `sums` does not say otherwise.
   * Default `f32`.
   */
  readonly dtype?: TrainingType | ((parameter: string) => TrainingType);
  /** What there is of parameters in 16 bits beside these. Default: `split` for `bf16`, `f32` for `f16`. */
  readonly master?: MasterKind;
  /**
   * How sums of products are kept, forward and backward, of dense layers, convolutions and attention: as float32, or, with `16`,
   * rounded to 16 bits after each multiply-accumulate where the result is kept in 16 bits, one accumulator a sum. The latter is
   * what PULP-TrainLib does; it is there to be compared with, and takes several times as long. Not with `f32`. Default `f32`.
   */
  readonly sums?: SumsKind;
  /** How the loss is scaled where gradients are `f16`; in other types it is not. */
  readonly lossScale?: LossScale;
  /**
   * Whether a parameter is updated as soon as its gradient is there, so that gradients are not all kept until the last one is
   * (gradient release). The bits are the same. Not with `clipNorm` and `f16`, which look at all gradients before the first
   * update, and not with `accumulate`, which keeps them. Default: no.
   */
  readonly releaseGradients?: boolean;
  /**
   * Whether products and sums may be rounded once: faster, and with other bits on other hosts. It needs the module
   * `train-fast`, which packages do not carry: that beside the sources (`true`), or one that is given.
   */
  readonly fast?: boolean | WebAssembly.Module;
}

/** Entry of a step. */
export const TRAIN_STEP = "train_step";
/** Entries of a step of several runs: one that adds up gradients, and one that updates by them. */
export const ACCUMULATE = "accumulate", APPLY_UPDATE = "apply_update";
/** Names of what a step counts, and of the loss of its runs. */
export const STEP = "train.step", LOSS = "train.loss";

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
  if (!source.has(settings.loss)) {
    throw new FewbitError("invalid_argument", "Cannot train: the loss is no value of this graph");
  }
  const { seed = 0, accumulate: times = 1 } = settings;
  const [run, update] = times > 1 ? [ACCUMULATE, APPLY_UPDATE] : [TRAIN_STEP, TRAIN_STEP];
  const graph = source.derive();
  const build = new NodeBuilder(graph);
  const step = graph.state(STEP, "f32", [1]);
  const words = new RandomWords(graph, seed, times);
  const nodes = nodesOf(source, [{ value: settings.loss, entry: run }]);
  const parameters = changing(source, nodes, settings);
  const { dtype = "f32", master, sums } = settings;
  const precision = new HalfPrecision(source, graph, parameters, { dtype, master, sums, seed });
  for (const { name, value, entry } of evaluated(source, graph, precision)) {
    graph.output(name, value, entry);
  }
  const normalized = settings.frozenStatistics === true ? [] : parameters;
  const { renorm } = settings;
  const forward = trainedForward(build, nodes, { normalized, words, precision, renorm });
  const loss = build.scale(forward.valueOf(settings.loss), 1 / times);
  checkRelease(settings, precision.needsScale);
  const scaled = precision.needsScale ? new ScaledLoss(build, settings.lossScale ?? {}) : undefined;
  let made = gradients(graph, loss, parameters, {
    ...scaled && { cotangent: build.reshape(build.shift(scaled.scale, 0), loss.shape) },
  });
  let whole = loss;
  if (times > 1) {
    const stored = storedGradients(graph, parameters);
    accumulateGradients(build, made, stored, { times, entry: run });
    whole = graph.state(LOSS, "f32", loss.shape);
    graph.update(graph.apply(accumulate, { state: whole, x: loss }), run);
    made = stored;
  }
  const computes = graph.nodes.length;
  const unscaled = scaled?.unscaled(made);
  const when = unscaled?.finite;
  const computed = {
    ...{ parameters, gradients: unscaled?.gradients ?? made, loss: whole, step, when },
    entry: update,
  };
  const rate = applyGradients(build, settings, computed);
  updateStatistics(build, forward.statistics, when, run);
  if (times > 1) {
    // A state as an output is what it is at the end.
    graph.output("loss", build.shift(whole, 0), update);
    // Not times 0, which an overflow would outlive: nothing is less than this.
    const none = build.scalar(-Infinity);
    for (const state of [...made, whole]) {
      const x = graph.apply(less, { a: state, b: none });
      graph.update(graph.apply(assign, { state, x }), update);
    }
  } else graph.output("loss", loss, update);
  graph.output("rate", rate, update);
  const one = graph.constant("", { dtype: "f32", shape: [1], data: Float32Array.of(1) });
  if (scaled !== undefined) {
    graph.output("scale", build.shift(scaled.scale, 0), update);
    graph.output("taken", build.shift(when!, 0), update);
    scaled.update(when!, update);
  }
  // A step that is left out is none.
  graph.update(graph.apply(accumulate, { state: step, x: when ?? one }), update);
  words.count(run, update);
  precision.count(update);
  return settings.releaseGradients === true ? updatedEarly(graph, update, computes) : graph;
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
function evaluated(source: Graph, graph: Graph, precision: HalfPrecision) {
  const made = new Map<number, Value>();
  const valueOf = (value: Value): Value => made.get(value.id) ?? value;
  for (const node of nodesOf(source, source.outputs)) {
    const copies = graph.replay(node, (value) => precision.read(node, value, valueOf(value)));
    precision.keep(node, copies);
    for (const [name, { id }] of Object.entries(node.outputs)) made.set(id, copies[name]);
  }
  return source.outputs.map(({ name, value, entry }) => ({ name, value: valueOf(value), entry }));
}

/** The nodes of the loss in training mode, and what running statistics become. */
function trainedForward(
  build: NodeBuilder,
  nodes: readonly Node[],
  { normalized, words, precision, renorm }: ForwardSettings,
) {
  const made = new Map<number, Value>();
  const statistics: { readonly state: Value; readonly x: Value }[] = [];
  const valueOf = (value: Value): Value => made.get(value.id) ?? value;
  for (const node of nodes) {
    const read = (value: Value): Value => precision.read(node, value, valueOf(value));
    const copies = isNode(node, "BatchNormalization")
      ? { y: normalize(build, node, { valueOf: read, changing: normalized, statistics, renorm }) }
      : isNode(node, "Dropout")
      ? { y: dropped(build, read(node.inputs.x), node, words) }
      : build.graph.replay(unnamed(node), read);
    precision.keep(node, copies);
    for (const [name, { id }] of Object.entries(node.outputs)) made.set(id, copies[name as "y"]);
  }
  return { valueOf, statistics };
}

/**
 * Running statistics of a step that is left out stay as they are. Of several runs it is known behind each whether all
 * gradients so far are finite, and what is not finite would never be forgotten.
 */
function updateStatistics(
  build: NodeBuilder,
  statistics: readonly { readonly state: Value; readonly x: Value }[],
  when: Value | undefined,
  entry: string,
): void {
  for (const { state, x } of statistics) {
    const kept = when === undefined ? x : build.select(when, x, state);
    build.graph.update(build.graph.apply(assign, { state, x: kept }), entry);
  }
}

/** What a forward pass is made with. */
interface ForwardSettings {
  /** Parameters by which it is known whether statistics are those of the batch. */
  readonly normalized: readonly Value[];
  readonly words: RandomWords;
  readonly precision: HalfPrecision;
  readonly renorm: TrainingSettings["renorm"];
}

function dropped(
  build: NodeBuilder,
  x: Value,
  { attributes }: NodeNamed<"Dropout">,
  words: RandomWords,
): Value {
  const random = words.of(product(x.shape) as number);
  return build.graph.apply(dropout, { x, random }, attributes);
}

/** What the norms of a network have in common. */
interface Normalizing {
  readonly valueOf: (value: Value) => Value;
  /** Parameters by which it is known whether statistics are those of the batch. */
  readonly changing: readonly Value[];
  /** What running statistics become. */
  readonly statistics: { readonly state: Value; readonly x: Value }[];
  readonly renorm: TrainingSettings["renorm"];
}

function normalize(
  build: NodeBuilder,
  { inputs, attributes }: NodeNamed<"BatchNormalization">,
  { valueOf, changing, statistics, renorm }: Normalizing,
): Value {
  const [x, scale, bias] = [inputs.x, inputs.scale, inputs.bias].map(valueOf);
  const given = { ...inputs, x, scale, bias };
  const isFrozen = !changing.includes(inputs.scale) && !changing.includes(inputs.bias);
  if (isFrozen) return frozenBatchNormalization(build, given, attributes);
  const { epsilon, momentum = 0.1, unbiased = true } = attributes;
  if (renorm !== undefined) {
    // Batch Renorm averages deviations, which the states hold as variances.
    const { scale, bias, mean, variance } = given;
    const runningDeviation = build.unary(build.shift(variance, epsilon), "sqrt");
    const made = batchRenormalization(
      build,
      { x: given.x, scale, bias, runningMean: mean, runningDeviation },
      { epsilon, ...renorm },
    );
    const { runningDeviation: after } = made;
    statistics.push({ state: inputs.mean, x: made.runningMean });
    statistics.push({ state: inputs.variance, x: build.shift(build.mul(after, after), -epsilon) });
    return made.y;
  }
  // What is kept in 16 bits is normalised in one step, which rounds once.
  const isStored = build.graph.storage.has(x.id);
  const trained = trainedBatchNormalization(build, given, {
    ...{ epsilon, momentum, unbiased },
    isFused: isStored,
  });
  statistics.push({ state: inputs.mean, x: trained.runningMean });
  statistics.push({ state: inputs.variance, x: trained.runningVariance });
  return trained.y;
}
