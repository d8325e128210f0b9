/**
 * ONNX's own tests of what only training has: losses, batch normalisation with the statistics of the batch, Adam and
 * Momentum. Theirs have channels second, ours last: values are turned here.
 */
import assert from "node:assert/strict";
import type { Inputs, Outputs, SyncInstance } from "../../../src/engines/engine.ts";
import { loadReference } from "../../../src/engines/reference/mod.ts";
import { readOnnx, readTensorProto } from "../../../src/formats/onnx.ts";
import type { OnnxNode } from "../../../src/formats/onnx_model.ts";
import { Graph } from "../../../src/graph/graph.ts";
import type { Value } from "../../../src/graph/graph.ts";
import { NodeBuilder } from "../../../src/graph/node_builder.ts";
import { logSoftmax } from "../../../src/graph/ops/mod.ts";
import { compile } from "../../../src/lower/compile.ts";
import { encodeProgram } from "../../../src/program/encode.ts";
import type { Tensor } from "../../../src/tensor.ts";
import { load } from "../../../src/train.ts";
import { trainedBatchNormalization } from "../../../src/training/layers/batch_normalization.ts";
import { crossEntropy, negativeLogLikelihood } from "../../../src/training/losses/cross_entropy.ts";
import { optimizerStep } from "../../../src/training/optimizers/optimizer.ts";
import type { Optimizer } from "../../../src/training/optimizers/optimizer.ts";
import { withArchive } from "../_archive.ts";
import { numbersOf } from "../onnx/_numbers.ts";

const ARCHIVE = "data/onnx-node-tests/onnx-node-tests-selected.tar.xz";
/** Loads on the reference engine, and on the WebAssembly for training. */
const LOADERS = [loadReference, load];
const RELATIVE = 1e-5, ABSOLUTE = 1e-6;
/** A step so late that no bias is left to correct: what ONNX calls step 0 corrects none. */
const LATE = 1e9;

/** A tensor of a test: float32, or integers as such. */
interface Plain {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** A test as a graph: its inputs, and what is compared. */
interface OneNode {
  readonly graph: Graph;
  /** States before and after the run. */
  readonly states?: Readonly<Record<string, readonly [before: Plain, after: Plain]>>;
  readonly runs: readonly {
    readonly inputs: Inputs;
    readonly expected: Readonly<Record<string, readonly number[]>>;
  }[];
}

type Import = (node: OnnxNode, inputs: readonly Plain[], outputs: readonly Plain[]) => OneNode;

const IMPORTS: Readonly<Record<string, Import>> = {
  SoftmaxCrossEntropyLoss: (...test) => loss(crossEntropy, ...test),
  NegativeLogLikelihoodLoss: (...test) => loss(negativeLogLikelihood, ...test),
  BatchNormalization: batchNormalization,
  Adam: (node, ...test) => {
    const { alpha = 0.9, beta = 0.999, epsilon = 0, norm_coefficient: decay = 0 } = numbers(node);
    return update({ kind: "adam", betas: [alpha, beta], epsilon, decay, keras: true }, [
      "mean",
      "square",
    ], ...test);
  },
  Momentum: (node, ...test) => {
    const { alpha, norm_coefficient: decay } = numbers(node);
    const nesterov = node.attributes.get("mode")?.value === "nesterov";
    return update({ kind: "sgd", momentum: alpha, nesterov, decay }, ["momentum"], ...test);
  },
};

withArchive("golden: train, ONNX's node tests", ARCHIVE, async (folder, t) => {
  const names = Array.from(Deno.readDirSync(folder), (entry) => entry.name)
    .filter((name) => !name.includes("_expanded")).sort();
  let count = 0;
  for (const name of names) {
    const path = `${folder}/${name}`;
    const [node] = readOnnx(await Deno.readFile(`${path}/model.onnx`)).graph.nodes;
    const make = IMPORTS[node.opType];
    if (make === undefined || (node.opType === "BatchNormalization" && !name.includes("train"))) {
      continue;
    }
    count++;
    await t.step(`${node.opType}: ${name}`, async () => {
      const read = (kind: string, i: number): Plain =>
        plain(Deno.readFileSync(`${path}/test_data_set_0/${kind}_${i}.pb`));
      const one = make(
        node,
        node.inputs.map((_, i) => read("input", i)),
        node.outputs.map((_, i) => read("output", i)),
      );
      const file = await encodeProgram(compile(one.graph, { training: true }));
      for (const loader of LOADERS) {
        using instance = await loader(file);
        await runAll(instance, one);
      }
    });
  }
  assert.equal(count, 59);
});

async function runAll(instance: SyncInstance, { runs, states = {} }: OneNode): Promise<void> {
  for (const [name, [{ data }]] of Object.entries(states)) {
    instance.write(name, Float32Array.from(data));
  }
  for (const { inputs, expected } of runs) {
    const outputs: Outputs = await instance.run(inputs);
    for (const [name, want] of Object.entries(expected)) {
      assertClose(outputs[name], want, `${instance.engine}, ${name}`);
    }
  }
  for (const [name, [, { data }]] of Object.entries(states)) {
    assertClose(await instance.read(name), data, `${instance.engine}, ${name}`);
  }
}

function assertClose({ data }: Tensor, expected: readonly number[], message: string): void {
  assert.equal(data.length, expected.length, message);
  expected.forEach((e, i) => {
    const a = Number(data[i]);
    const isClose = Math.abs(a - e) <= ABSOLUTE + RELATIVE * Math.abs(e);
    assert.ok(isClose, `${message}: element ${i} is ${a}, expected ${e}`);
  });
}

function plain(file: Uint8Array): Plain {
  const tensor = readTensorProto(file);
  return { shape: tensor.shape, data: numbersOf(tensor) };
}

/** The attributes that are numbers. */
function numbers({ attributes }: OnnxNode): Record<string, number> {
  return Object.fromEntries(
    Array.from(attributes).flatMap(([name, { value }]) =>
      typeof value === "number" ? [[name, value]] : []
    ),
  );
}

/** `[N, C, …]` as rows `[N · …, C]`. */
function channelsLast({ shape: [n, channels, ...places], data }: Plain): number[] {
  const size = places.reduce((product, extent) => product * extent, 1);
  const turned: number[] = [];
  for (let i = 0; i < n; i++) {
    for (let p = 0; p < size; p++) {
      for (let c = 0; c < channels; c++) turned.push(data[(i * channels + c) * size + p]);
    }
  }
  return turned;
}

function loss(
  make: typeof crossEntropy,
  node: OnnxNode,
  [x, labels, weights]: readonly Plain[],
  [expected, logs]: readonly Plain[],
): OneNode {
  const reduction = node.attributes.get("reduction")?.value ?? "mean";
  const { ignore_index: ignored } = numbers(node);
  const classes = x.shape[1];
  const values = channelsLast(x);
  const all = values.length / classes;
  // Losses that stay apart are those of rows alone.
  const rows = reduction === "none" ? 1 : all;
  const graph = new Graph();
  const build = new NodeBuilder(graph);
  const input = graph.input("x", "f32", [rows, classes]);
  const label = graph.input("labels", "i32", [rows]);
  const weight: Value | undefined = weights && graph.constant("", {
    dtype: "f32",
    shape: [classes],
    data: Float32Array.from(weights.data),
  });
  const settings = { reduction: reduction === "mean" ? "mean" : "sum", weights: weight } as const;
  graph.output("loss", make(build, input, label, settings));
  if (logs !== undefined) graph.output("logs", graph.apply(logSoftmax, { x: input }));
  const turned = logs && channelsLast(logs);
  return {
    graph,
    runs: Array.from({ length: all / rows }, (_, i) => ({
      inputs: {
        x: Float32Array.from(values.slice(i * rows * classes, (i + 1) * rows * classes)),
        labels: Int32Array.from(
          labels.data.slice(i * rows, (i + 1) * rows),
          (label) => label === ignored ? -1 : label,
        ),
      },
      expected: {
        loss: expected.data.slice(i, i + 1),
        ...turned && { logs: turned.slice(i * rows * classes, (i + 1) * rows * classes) },
      },
    })),
  };
}

function batchNormalization(
  node: OnnxNode,
  [x, scale, bias, mean, variance]: readonly Plain[],
  [y, runningMean, runningVariance]: readonly Plain[],
): OneNode {
  const { epsilon = 1e-5, momentum = 0.9 } = numbers(node);
  const graph = new Graph();
  const build = new NodeBuilder(graph);
  const [channels] = scale.shape;
  const vector = (name: string): Value => graph.input(name, "f32", [channels]);
  const made = trainedBatchNormalization(build, {
    x: graph.input("x", "f32", [x.data.length / channels, channels]),
    scale: vector("scale"),
    bias: vector("bias"),
    mean: vector("mean"),
    variance: vector("variance"),
  }, { epsilon, momentum: 1 - momentum, unbiased: false });
  graph.output("y", made.y);
  graph.output("running_mean", made.runningMean);
  graph.output("running_variance", made.runningVariance);
  const inputs = { scale, bias, mean, variance };
  return {
    graph,
    runs: [{
      inputs: {
        x: Float32Array.from(channelsLast(x)),
        ...Object.fromEntries(
          Object.entries(inputs).map(([name, { data }]) => [name, Float32Array.from(data)]),
        ),
      },
      expected: {
        y: channelsLast(y),
        running_mean: runningMean.data,
        running_variance: runningVariance.data,
      },
    }],
  };
}

/** @param remembered Names of what the optimiser remembers, in ONNX's order. */
function update(
  optimizer: Optimizer,
  remembered: readonly string[],
  [rate, step, ...tensors]: readonly Plain[],
  outputs: readonly Plain[],
): OneNode {
  const graph = new Graph();
  const build = new NodeBuilder(graph);
  const count = tensors.length / (2 + remembered.length);
  const inputs: Record<string, Float32Array> = optimizer.kind === "adam"
    ? { step: Float32Array.of(step.data[0] === 0 ? LATE : step.data[0]) }
    : {};
  const expected: Record<string, readonly number[]> = {};
  const states: Record<string, readonly [Plain, Plain]> = {};
  const apply = optimizerStep(
    build,
    optimizer,
    build.scalar(rate.data[0]),
    graph.input("step", "f32", [1]),
  );
  for (let i = 0; i < count; i++) {
    const { shape, data } = tensors[i];
    const p = graph.parameter(`p${i}`, { dtype: "f32", shape, data: Float32Array.from(data) });
    const { parameter } = apply(p, graph.input(`g${i}`, "f32", shape));
    inputs[`g${i}`] = Float32Array.from(tensors[count + i].data);
    graph.output(`after_${i}`, parameter);
    expected[`after_${i}`] = outputs[i].data;
    remembered.forEach((name, j) => {
      states[`p${i}.${name}`] = [tensors[(2 + j) * count + i], outputs[(1 + j) * count + i]];
    });
  }
  return { graph, runs: [{ inputs, expected }], states };
}
