/** Networks whose training takes memory, and what they have learned after some steps. */
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import { NodeBuilder } from "../../src/graph/node_builder.ts";
import { dsCnn } from "../../src/models/ds_cnn.ts";
import { TrainedLayers, uniform } from "../../src/models/trained_layers.ts";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { crossEntropy } from "../../src/training/losses/cross_entropy.ts";
import { tinyNetwork } from "../../src/training/tiny_network.ts";
import type { TinyNetwork } from "../../src/training/tiny_network.ts";
import { arrayData } from "../../src/training/training_data.ts";
import type { TrainingData } from "../../src/training/training_data.ts";
import { Trainer } from "../../src/training/trainer.ts";
import type { TrainerSettings } from "../../src/training/trainer_options.ts";
import { Random } from "../conformance/_random.ts";

const CLASSES = 3;

/** What is trained. */
export interface MemoryCase {
  readonly network: TinyNetwork;
  readonly batch: number;
  readonly side: number;
}

/** A DS-CNN, with dropout. */
export const DS_CNN: MemoryCase = { network: "ds-cnn", batch: 4, side: 12 };
export const RESNET8: MemoryCase = { network: "resnet8", batch: 2, side: 8 };
export const MOBILENET: MemoryCase = { network: "mobilenet-v1", batch: 2, side: 32 };
export const VIT: MemoryCase = { network: "vit", batch: 2, side: 8 };

function channelsOf({ network }: MemoryCase): number {
  return network === "ds-cnn" ? 1 : 3;
}

/** A network with its loss. */
export function networkOf(of: MemoryCase): { readonly graph: Graph; readonly loss: Value } {
  const { network, batch, side } = of;
  const graph = new Graph();
  const layers = new TrainedLayers(graph, uniform(5));
  const x = graph.input("x", "f32", [batch, side, side, channelsOf(of)]);
  const labels = graph.input("labels", "i32", [batch], { check: "below", limit: CLASSES });
  const logits = network === "ds-cnn"
    ? dsCnn(layers, x, { classes: CLASSES, dropout: true })
    : tinyNetwork(layers, network, x, CLASSES);
  graph.output("logits", logits);
  return { graph, loss: crossEntropy(new NodeBuilder(graph), logits, labels) };
}

/** SGD with momentum, where nothing else is said. */
export async function trainerOf(
  of: MemoryCase,
  settings: Partial<TrainerSettings>,
): Promise<Trainer> {
  const { graph, loss } = networkOf(of);
  const optimizer = { kind: "sgd", momentum: 0.9, nesterov: true } as const;
  return await Trainer.load(graph, { loss, rate: 0.05, optimizer, seed: 2, ...settings });
}

/** Random pictures, enough for five steps. */
function picturesOf(of: MemoryCase): TrainingData {
  const { batch, side } = of;
  const random = new Random(8);
  const count = 5 * batch;
  const labels = Int32Array.from({ length: count }, (_, i) => i % CLASSES);
  const x = Float32Array.from(
    { length: count * side * side * channelsOf(of) },
    () => random.unit(),
  );
  return arrayData({ x, labels }, count);
}

/** Losses of some epochs, and everything that is kept, by name. */
export async function learnedBy(of: MemoryCase, trainer: Trainer, epochs = 1) {
  const losses: number[] = [];
  for await (const { loss } of trainer.fit(picturesOf(of), { epochs })) losses.push(loss);
  const tensors = readSafetensors(await trainer.save());
  const kept = [...tensors].map(([name, { data }]) => [name, [...data as Float32Array]] as const);
  return { losses, kept: Object.fromEntries(kept.sort(([a], [b]) => a < b ? -1 : 1)) };
}
