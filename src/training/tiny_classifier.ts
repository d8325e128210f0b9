/** Classifiers of small pictures: trained from the start, or from other weights on. */
import { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/graph.ts";
import { NodeBuilder } from "../graph/node_builder.ts";
import { TrainedLayers, uniform } from "../models/trained_layers.ts";
import type { Initialize } from "../models/trained_layers.ts";
import { fineTuning, headOf } from "./fine_tuning.ts";
import type { FineTuning } from "./fine_tuning.ts";
import { crossEntropy } from "./losses/cross_entropy.ts";
import type { MasterKind, SumsKind, TrainingType } from "./half_precision.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import type { PlateauSchedule } from "./optimizers/plateau.ts";
import type { Schedule } from "./optimizers/schedule.ts";
import { initializeFrom, setStatistics } from "./start_weights.ts";
import type { StartWeights } from "./start_weights.ts";
import { tinyNetwork } from "./tiny_network.ts";
import type { TinyNetwork } from "./tiny_network.ts";
import { Trainer } from "./trainer.ts";

/** How a classifier is trained. */
export interface TinyTrainingSettings {
  readonly batch: number;
  readonly rate: number;
  readonly optimizer: Optimizer;
  readonly schedule: Schedule | PlateauSchedule;
  /** What is added to gradients of tensors of two or more dimensions, or shrinks them. */
  readonly decay: number;
  readonly seed: number;
  readonly accumulate?: number;
  readonly clipNorm?: number;
  readonly average?: number;
  readonly dtype?: TrainingType;
  readonly master?: MasterKind;
  readonly sums?: SumsKind;
  readonly memoryLimitBytes?: number;
  readonly releaseGradients?: boolean;
  readonly fast?: boolean;
}

/** What a classifier is made of. */
interface TinyClassifierShape {
  readonly network: TinyNetwork;
  /** Rows, columns and channels of a picture. */
  readonly picture: readonly [number, number, number];
  readonly classes: number;
  readonly batch: number;
}

/** A classifier with its loss. */
interface TinyClassifier {
  readonly graph: Graph;
  readonly logits: Value;
  readonly loss: Value;
}

/**
 * A trainer of a network with pictures `x` `[batch, H, W, C]`, `labels` `[batch]` and `logits`.
 *
 * @throws {FewbitError} `shape_mismatch` for pictures that the network does not take.
 */
export async function tinyClassifier(
  { network, picture, classes, ...training }: TinyClassifierShape & TinyTrainingSettings,
): Promise<Trainer> {
  const { batch, seed } = training;
  const { graph, loss } = classifier({ network, picture, classes, batch }, uniform(seed));
  return await Trainer.load(graph, { loss, ...settingsOf(training) });
}

/** What of a network is trained, and from which weights on. */
export interface FineTunedSettings extends TinyTrainingSettings {
  readonly start: StartWeights;
  readonly picture: readonly [number, number, number];
  readonly classes: number;
  /** Whether its classes are others, so that the head begins anew and is trained whatever is selected. */
  readonly hasNewHead: boolean;
  /** The selection, as {@linkcode fineTuning} reads it. */
  readonly only: string;
}

/**
 * A trainer of a part of a network that has weights.
 *
 * @throws {FewbitError} As {@linkcode tinyClassifier} and {@linkcode fineTuning}; `invalid_file` where weights are
 * missing.
 */
export async function fineTunedClassifier(
  { start, picture, classes, hasNewHead, only, ...training }: FineTunedSettings,
): Promise<{ readonly trainer: Trainer; readonly tuning: FineTuning }> {
  const { batch, seed } = training;
  const shape = { network: start.network, picture, classes, batch };
  const head = new Set(hasNewHead ? headNames(shape) : []);
  const initialize = initializeFrom(start.weights, (name) => head.has(name), seed);
  const { graph, loss, logits } = classifier(shape, initialize);
  setStatistics(graph, start.weights);
  const always = (name: string): boolean => head.has(name);
  const tuning = fineTuning(graph, loss, only, { logits, always, seed });
  const trainer = await Trainer.load(tuning.graph, { ...tuning, ...settingsOf(training) });
  return { trainer, tuning };
}

/** Names of the parameters of the last layer. */
function headNames(shape: TinyClassifierShape): string[] {
  const { graph, logits } = classifier(shape, ({ shape }) => new Float32Array(size(shape)));
  return headOf(graph, logits).map(({ name }) => name);
}

function size(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

function classifier(
  { network, picture, classes, batch }: TinyClassifierShape,
  initialize: Initialize,
): TinyClassifier {
  const [height, width, channels] = picture;
  const graph = new Graph();
  const layers = new TrainedLayers(graph, initialize);
  const x = graph.input("x", "f32", [batch, height, width, channels]);
  const labels = graph.input("labels", "i32", [batch], { check: "below", limit: classes });
  const logits = tinyNetwork(layers, network, x, classes);
  graph.output("logits", logits);
  return { graph, logits, loss: crossEntropy(new NodeBuilder(graph), logits, labels) };
}

function settingsOf({ batch: _, decay, ...rest }: TinyTrainingSettings) {
  return {
    ...rest,
    decay: (_: string, shape: readonly number[]): number => shape.length > 1 ? decay : 0,
  };
}
