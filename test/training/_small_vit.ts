/** A small vision transformer with random weights, and pictures that it learns. */
import type {
  QuantizedTrainer,
  QuantizedTrainingSettings,
} from "../../src/compile/quantized_training.ts";
import { Graph } from "../../src/graph/graph.ts";
import { TrainedLayers, uniform } from "../../src/models/trained_layers.ts";
import { crc32c } from "../../src/program/crc32c.ts";
import { bytesOf } from "../../src/tensor.ts";
import type { Tensor } from "../../src/tensor.ts";
import { tinyVit } from "../../src/training/networks/tiny_vit.ts";
import type { Random } from "../conformance/_random.ts";

export const [SIDE, CLASSES, BATCH] = [8, 3, 6];
export const SIZES = { patch: 4, channels: 16, heads: 2, depth: 2 };

/** A checkpoint of random weights. */
export function folder() {
  const weights = new Map<string, Tensor>();
  const random = uniform(11);
  const graph = new Graph();
  const layers = new TrainedLayers(graph, (start) => {
    const data = random(start);
    weights.set(start.name, { dtype: "f32", shape: start.shape, data });
    return data;
  });
  const x = graph.input("x", "f32", [1, SIDE, SIDE, 1]);
  tinyVit(layers, x, { ...SIZES, classes: CLASSES, spread: 0.2 });
  const config = {
    architecture: "vit_tiny_patch16_224",
    num_classes: CLASSES,
    model_args: {
      img_size: [SIDE, SIDE],
      in_chans: 1,
      patch_size: SIZES.patch,
      embed_dim: SIZES.channels,
      depth: SIZES.depth,
      num_heads: SIZES.heads,
    },
  };
  const preprocessing = {
    inputSize: [1, SIDE, SIDE] as [number, number, number],
    mean: [0.5],
    std: [0.25],
    interpolation: "bilinear" as const,
    resize: { mode: "shorter_side" as const, size: SIDE },
    centerCrop: true,
  };
  return { config, weights, preprocessing };
}

/** Pictures whose class is where they are bright. */
export function batch(random: Random, count: number) {
  const labels = Int32Array.from({ length: count }, () => random.integer(0, CLASSES - 1));
  const images = Float32Array.from({ length: count * SIDE * SIDE }, (_, i) => {
    const bright =
      Math.floor(i % (SIDE * SIDE) / SIDE / 3) === labels[Math.floor(i / (SIDE * SIDE))];
    return (bright ? 1.5 : -1.5) + random.unit() - 0.5;
  });
  return { images, labels };
}

/** Of all weights in the order of their names. */
export function checksum(trainer: QuantizedTrainer): number {
  const sorted = [...trainer.weights()].sort(([a], [b]) => a < b ? -1 : 1);
  return sorted.reduce((crc, [, { data }]) => crc32c(bytesOf(data), crc), 0);
}

export const SETTINGS: QuantizedTrainingSettings = {
  batch: BATCH,
  rate: 0.003,
  optimizer: { kind: "adamw" },
};
