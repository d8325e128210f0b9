/** The networks whose steps are timed, as MLPerf Tiny has them, and an MLP. */
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import { NodeBuilder } from "../../src/graph/node_builder.ts";
import { dsCnn } from "../../src/models/ds_cnn.ts";
import { resNet8 } from "../../src/models/resnet8.ts";
import { TrainedLayers } from "../../src/models/trained_layers.ts";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import { trainBuild } from "../../src/engines/wasm/train_module.ts";
import type { Inputs, SyncInstance } from "../../src/engines/engine.ts";
import { compile } from "../../src/lower/compile.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { crossEntropy } from "../../src/training/losses/cross_entropy.ts";
import type { TrainingType } from "../../src/training/half_precision.ts";
import type { Optimizer } from "../../src/training/optimizers/optimizer.ts";
import { trainingGraph } from "../../src/training/training_graph.ts";
import type { TrainingSettings } from "../../src/training/training_graph.ts";
import { Stream } from "../../test/golden/seeded.ts";

/** Pictures of a step. */
export const BATCH: number = 64;

/** Classes of Fashion-MNIST. */
export const CLASSES: number = 10;

const SIDE = 28;

/** Networks, with the multiply-accumulates of a sample and step: forward and both gradients. */
export const STEP_WORK: Readonly<Record<"resnet8" | "ds_cnn", number>> = {
  resnet8: 27_924_864,
  ds_cnn: 11_993_984,
};

/** A loaded program with `train_step`, and what one step is fed. */
export interface Step {
  readonly instance: SyncInstance;
  readonly inputs: Inputs;
}

/** SGD with Nesterov momentum and decay, as the recipe of Fashion-MNIST has it. */
export async function openConvolutional(
  net: keyof typeof STEP_WORK,
  dtype: TrainingType = "f32",
): Promise<Step> {
  const stream = new Stream(7);
  const graph = new Graph();
  const layers = new TrainedLayers(
    graph,
    ({ shape, bound, offset }) => stream.take(product(shape), bound, offset),
    { epsilon: 1e-3, momentum: 0.1 },
  );
  const x = graph.input("x", "f32", [BATCH, SIDE, SIDE, 1]);
  return await open(graph, x, (labels) => {
    const logits = net === "resnet8"
      ? resNet8(layers, x, CLASSES)
      : dsCnn(layers, x, { classes: CLASSES });
    return [logits, crossEntropy(new NodeBuilder(graph), logits, labels)];
  }, {
    stream,
    dtype,
    rate: 1e-4,
    optimizer: { kind: "sgd", momentum: 0.9, nesterov: true },
    decay: (_, shape) => shape.length > 1 ? 5e-4 : 0,
  });
}

/** Widths of the MLP. */
export const MLP_WIDTHS: readonly number[] = [784, 256, 128, CLASSES];

/** Its layers at first, `[outputs, inputs]`, without biases, and what one step is fed. */
export interface Mlp extends Step {
  readonly weights: readonly Float32Array[];
}

/** An MLP with ReLU and plain SGD. */
export async function openMlp(): Promise<Mlp> {
  const stream = new Stream(11);
  const graph = new Graph();
  const weights: Float32Array[] = [];
  const layers = new TrainedLayers(graph, ({ shape, bound, offset }) => {
    const elements = stream.take(product(shape), bound, offset);
    if (shape.length === 2) weights.push(elements);
    return elements;
  });
  const build = new NodeBuilder(graph);
  const x = graph.input("x", "f32", [BATCH, MLP_WIDTHS[0]]);
  const step = await open(graph, x, (labels) => {
    let y = x;
    MLP_WIDTHS.slice(1).forEach((outputs, i) => {
      y = layers.linear(i === 0 ? y : build.unary(y, "relu"), `fc${i}`, outputs);
    });
    return [y, crossEntropy(build, y, labels)];
  }, { stream, rate: MLP_RATE, optimizer: { kind: "sgd" } });
  return { ...step, weights };
}

/** Learning rate of the MLP. */
export const MLP_RATE: number = 1e-3;

interface Recipe {
  readonly stream: Stream;
  readonly rate: number;
  readonly optimizer: Optimizer;
  readonly decay?: TrainingSettings["decay"];
  readonly dtype?: TrainingType;
}

async function open(
  graph: Graph,
  x: Value,
  build: (labels: Value) => [logits: Value, loss: Value],
  { stream, ...recipe }: Recipe,
): Promise<Step> {
  const labels = graph.input("labels", "i32", [BATCH], { check: "below", limit: CLASSES });
  const [logits, loss] = build(labels);
  graph.output("logits", logits);
  const training = trainingGraph(graph, { loss, ...recipe, seed: 1 });
  const program = compile(training, { training: true });
  return {
    instance: await loadWasm(await encodeProgram(program), { build: trainBuild() }),
    inputs: {
      x: stream.take(product(x.shape as number[]), 1),
      labels: Int32Array.from({ length: BATCH }, (_, i) => i % CLASSES),
    },
  };
}

function product(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}
