/** Classifiers of small pictures that are trained from the start. */
import { Graph } from "../graph/graph.ts";
import { NodeBuilder } from "../graph/node_builder.ts";
import { TrainedLayers, uniform } from "../models/trained_layers.ts";
import { crossEntropy } from "./losses/cross_entropy.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import type { PlateauSchedule } from "./optimizers/plateau.ts";
import type { Schedule } from "./optimizers/schedule.ts";
import { tinyNetwork } from "./tiny_network.ts";
import type { TinyNetwork } from "./tiny_network.ts";
import { Trainer } from "./trainer.ts";

/** What a classifier is made of, and how it is trained. */
export interface TinyClassifierSettings {
  readonly network: TinyNetwork;
  /** Rows, columns and channels of a picture. */
  readonly picture: readonly [number, number, number];
  readonly classes: number;
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
}

/**
 * A trainer of a network with pictures `x` `[batch, H, W, C]`, `labels` `[batch]` and `logits`.
 *
 * @throws {FewbitError} `shape_mismatch` for pictures that the network does not take.
 */
export async function tinyClassifier(settings: TinyClassifierSettings): Promise<Trainer> {
  const { network, picture, classes, batch, decay, seed, ...rest } = settings;
  const [height, width, channels] = picture;
  const graph = new Graph();
  const layers = new TrainedLayers(graph, uniform(seed));
  const x = graph.input("x", "f32", [batch, height, width, channels]);
  const labels = graph.input("labels", "i32", [batch], { check: "below", limit: classes });
  const logits = tinyNetwork(layers, network, x, classes);
  graph.output("logits", logits);
  return await Trainer.load(graph, {
    loss: crossEntropy(new NodeBuilder(graph), logits, labels),
    ...rest,
    seed,
    decay: (_, shape) => shape.length > 1 ? decay : 0,
  });
}
