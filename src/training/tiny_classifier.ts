/** Classifiers of small pictures that are trained from the start. */
import { FewbitError } from "../errors.ts";
import { Graph } from "../graph/graph.ts";
import { NodeBuilder } from "../graph/node_builder.ts";
import { dsCnn } from "../models/ds_cnn.ts";
import { resNet8 } from "../models/resnet8.ts";
import { TrainedLayers, uniform } from "../models/trained_layers.ts";
import { crossEntropy } from "./losses/cross_entropy.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import type { Schedule } from "./optimizers/schedule.ts";
import { Trainer } from "./trainer.ts";

/** Names of the networks. */
export const TINY_NETWORKS = ["ds-cnn", "resnet8"] as const;

/** What a classifier is made of, and how it is trained. */
export interface TinyClassifierSettings {
  readonly network: (typeof TINY_NETWORKS)[number];
  /** Rows, columns and channels of a picture. */
  readonly picture: readonly [number, number, number];
  readonly classes: number;
  readonly batch: number;
  readonly rate: number;
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  /** What is added to gradients of tensors of two or more dimensions, or shrinks them. */
  readonly decay: number;
  readonly seed: number;
}

/**
 * A trainer of a network with pictures `x` `[batch, H, W, C]`, `labels` `[batch]` and `logits`.
 *
 * @throws {FewbitError} `shape_mismatch` for pictures that the network does not take.
 */
export async function tinyClassifier(settings: TinyClassifierSettings): Promise<Trainer> {
  const { network, picture, classes, batch, rate, optimizer, schedule, decay, seed } = settings;
  const [height, width, channels] = picture;
  if (network === "ds-cnn" && channels !== 1) {
    throw new FewbitError(
      "shape_mismatch",
      `Cannot train: a DS-CNN takes 1 channel, got ${channels}`,
    );
  }
  if (network === "resnet8" && (height % 4 !== 0 || width % 4 !== 0)) {
    throw new FewbitError(
      "shape_mismatch",
      `Cannot train: a ResNet8 halves pictures twice, got ${height}×${width}`,
    );
  }
  const graph = new Graph();
  const layers = new TrainedLayers(graph, uniform(seed));
  const x = graph.input("x", "f32", [batch, height, width, channels]);
  const labels = graph.input("labels", "i32", [batch], { check: "below", limit: classes });
  const logits = network === "resnet8"
    ? resNet8(layers, x, classes)
    : dsCnn(layers, x, { classes });
  graph.output("logits", logits);
  return await Trainer.load(graph, {
    loss: crossEntropy(new NodeBuilder(graph), logits, labels),
    rate,
    optimizer,
    schedule,
    seed,
    decay: (_, shape) => shape.length > 1 ? decay : 0,
  });
}
