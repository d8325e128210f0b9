/** A DS-CNN for small pictures, and pictures that it can learn. */
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import { NodeBuilder } from "../../src/graph/node_builder.ts";
import { dsCnn } from "../../src/models/ds_cnn.ts";
import { TrainedLayers, uniform } from "../../src/models/trained_layers.ts";
import { crossEntropy } from "../../src/training/losses/cross_entropy.ts";
import { arrayData } from "../../src/training/training_data.ts";
import type { TrainingData } from "../../src/training/training_data.ts";
import { Random } from "../conformance/_random.ts";

/** Height and width of a picture. */
export const SIZE = 12;
export const CLASSES = 3;

/** The network with its loss: layers are dense, depthwise and pointwise, with dropout. */
export function smallDsCnn(batch: number): { graph: Graph; loss: Value } {
  const graph = new Graph();
  const layers = new TrainedLayers(graph, uniform(5));
  const x = graph.input("x", "f32", [batch, SIZE, SIZE, 1]);
  const labels = graph.input("labels", "i32", [batch], { check: "below", limit: CLASSES });
  const logits = dsCnn(layers, x, { classes: CLASSES, dropout: true });
  graph.output("logits", logits);
  return { graph, loss: crossEntropy(new NodeBuilder(graph), logits, labels) };
}

/** Pictures with a bright band, which is where their label says. */
export function bandPictures(count: number): TrainingData {
  const random = new Random(8);
  const labels = Int32Array.from({ length: count }, (_, i) => i % CLASSES);
  const x = Float32Array.from({ length: count * SIZE * SIZE }, (_, i) => {
    const [picture, row] = [Math.floor(i / (SIZE * SIZE)), Math.floor(i / SIZE) % SIZE];
    return random.unit() * 0.3 + (Math.floor(row / 4) === labels[picture] ? 1 : 0);
  });
  return arrayData({ x, labels }, count);
}
