/** The recipe by which Fashion-MNIST is learned here and in PyTorch (`golden/train`, `make_baselines.py`). */
import { readIdx } from "../../../src/formats/idx.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { NodeBuilder } from "../../../src/graph/node_builder.ts";
import { dsCnn } from "../../../src/models/ds_cnn.ts";
import { resNet8 } from "../../../src/models/resnet8.ts";
import { TrainedLayers } from "../../../src/models/trained_layers.ts";
import type { Initialize } from "../../../src/models/trained_layers.ts";
import { crossEntropy } from "../../../src/training/losses/cross_entropy.ts";
import { Trainer } from "../../../src/training/trainer.ts";
import type { TrainingSettings } from "../../../src/training/training_graph.ts";
import { arrayData } from "../../../src/training/training_data.ts";
import type { TrainingData } from "../../../src/training/training_data.ts";
import { Stream } from "../seeded.ts";

/** Where Debian's `dataset-fashion-mnist` is. */
export const FASHION = "/usr/share/datasets/fashion-mnist";
const [BATCH, SIDE, CLASSES] = [64, 28, 10];

/** A pixel as an input. */
const TABLE = Float32Array.from({ length: 256 }, (_, p) => (p / 255 - 0.2860) / 0.3530);

/** The first pictures of a part of the data set. */
export async function fashionPictures(
  part: "train" | "t10k",
  count: number,
): Promise<TrainingData> {
  const read = async (name: string) =>
    (await readIdx(await Deno.readFile(`${FASHION}/${part}-${name}.gz`))).data as Uint8Array;
  const pixels = (await read("images-idx3-ubyte")).subarray(0, count * SIDE * SIDE);
  const labels = (await read("labels-idx1-ubyte")).subarray(0, count);
  const x = Float32Array.from(pixels, (pixel) => TABLE[pixel]);
  return arrayData({ x, labels: Int32Array.from(labels) }, count);
}

/** Start weights: one stream, of which norms and biases take their places. */
function fromStream(seed: number, scale: number): Initialize {
  const stream = new Stream(seed);
  return ({ shape, bound, offset }) =>
    stream.take(shape.reduce((a, b) => a * b, 1), bound, offset).map((w) => w * scale);
}

/** What of the recipe differs from run to run. */
export interface Recipe {
  readonly net: "ds_cnn" | "resnet8";
  readonly seed: number;
  /** Default: that of the recipe, 0.3. */
  readonly rate?: number;
  /** The share of the steps in which the rate rises. Default 0.05. */
  readonly warmup?: number;
  readonly pictures: number;
  readonly epochs: number;
  /** How values are kept. Default: float32. */
  readonly precision?: Pick<TrainingSettings, "dtype" | "master" | "sums">;
  /** What all start weights are multiplied with. Default 1. */
  readonly startScale?: number;
}

/** A trainer that begins by the recipe. */
export async function loadRecipe(recipe: Recipe): Promise<Trainer> {
  const { net, seed, rate = 0.3, warmup = 0.05, pictures, epochs, startScale = 1 } = recipe;
  const graph = new Graph();
  const layers = new TrainedLayers(graph, fromStream(seed, startScale), {
    epsilon: 1e-3,
    momentum: 0.1,
  });
  const x = graph.input("x", "f32", [BATCH, SIDE, SIDE, 1]);
  const labels = graph.input("labels", "i32", [BATCH], { check: "below", limit: CLASSES });
  const logits = net === "resnet8"
    ? resNet8(layers, x, CLASSES)
    : dsCnn(layers, x, { classes: CLASSES });
  graph.output("logits", logits);
  const steps = Math.floor(pictures / BATCH) * epochs;
  return await Trainer.load(graph, {
    loss: crossEntropy(new NodeBuilder(graph), logits, labels),
    rate,
    optimizer: { kind: "sgd", momentum: 0.9, nesterov: true },
    decay: (_, shape) => shape.length > 1 ? 5e-4 : 0,
    schedule: {
      kind: "warmup_cosine",
      min: 0,
      warmup: Math.max(1, Math.round(warmup * steps)),
      steps,
    },
    seed,
    ...recipe.precision,
  });
}
