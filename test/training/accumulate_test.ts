/** Steps of several runs: the bits of one run of all examples. */
import assert from "node:assert/strict";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import { NodeBuilder } from "../../src/graph/node_builder.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { TrainedLayers, uniform } from "../../src/models/trained_layers.ts";
import { crossEntropy } from "../../src/training/losses/cross_entropy.ts";
import { Trainer } from "../../src/training/trainer.ts";
import { arrayData } from "../../src/training/training_data.ts";
import type { TrainingData } from "../../src/training/training_data.ts";
import type { TrainingSettings } from "../../src/training/training_graph.ts";
import { Random } from "../conformance/_random.ts";

const [COUNT, SIDE, CLASSES] = [96, 12, 5];

/** Convolutions with and without groups, linear layers, biases, dropout; no norm. */
async function trainer(
  batch: number,
  settings: Partial<TrainingSettings> = {},
  withNorm = false,
): Promise<Trainer> {
  const graph = new Graph();
  const build = new NodeBuilder(graph);
  const layers = new TrainedLayers(graph, uniform(3));
  const relu = (y: Value): Value => build.unary(y, "relu");
  const x = graph.input("x", "f32", [batch, SIDE, SIDE, 3]);
  const labels = graph.input("labels", "i32", [batch], { check: "below", limit: CLASSES });
  const strided = { pads: [1, 1, 1, 1], strides: [2, 2], bias: true };
  let y = relu(layers.conv(x, "conv", [8, 3, 3], strided));
  if (withNorm) y = layers.batchNorm(y, "norm");
  y = graph.apply(ops.dropout, { x: y }, { ratio: 0.3, stream: 0 });
  y = relu(layers.conv(y, "depthwise", [8, 3, 3], { group: 8, bias: true }));
  y = relu(layers.linear(build.reshape(y, [batch, 128]), "hidden", 16));
  y = graph.apply(ops.dropout, { x: y }, { ratio: 0.5, stream: 1 });
  const logits = layers.linear(y, "fc", CLASSES);
  graph.output("logits", logits);
  const loss = crossEntropy(build, logits, labels);
  return await Trainer.load(graph, { loss, rate: 0.01, seed: 9, ...settings });
}

function pictures(): TrainingData {
  const random = new Random(4);
  const x = Float32Array.from({ length: COUNT * SIDE * SIDE * 3 }, () => random.unit() - 0.5);
  const labels = Int32Array.from({ length: COUNT }, (_, i) => i % CLASSES);
  return arrayData({ x, labels }, COUNT);
}

async function lossesOf(one: Trainer, epochs: number, data = pictures()): Promise<number[]> {
  const losses: number[] = [];
  for await (const { loss } of one.fit(data, { epochs })) losses.push(loss);
  return losses;
}

function parametersOf(one: Trainer): string[] {
  return one.program.tensors.filter(({ region }) => region === "parameter").map(({ name }) => name);
}

async function assertSameParameters(a: Trainer, b: Trainer): Promise<void> {
  const names = parametersOf(a);
  assert.equal(names.length, 8);
  for (const name of names) assert.deepEqual(await a.read(name), await b.read(name), name);
}

const settings: readonly Partial<TrainingSettings>[] = [
  {},
  { optimizer: { kind: "sgd", momentum: 0.9, nesterov: true, decay: 0.01 } },
  { optimizer: { kind: "adamw" }, clipNorm: 0.5 },
  { optimizer: { kind: "lion" }, average: 0.9 },
];

for (const each of settings) {
  Deno.test(`accumulate: 4 runs of 8 are one of 32 to the bit, ${JSON.stringify(each)}`, async () => {
    using whole = await trainer(32, each);
    using parts = await trainer(8, { ...each, accumulate: 4 });
    assert.deepEqual([parts.batch, parts.examples, whole.examples], [8, 32, 32]);
    const [a, b] = [await lossesOf(whole, 3), await lossesOf(parts, 3)];
    assert.equal(a.length, 9);
    a.forEach((loss, i) => assert.ok(Math.abs(loss / b[i] - 1) < 1e-6, `${i}: ${loss}, ${b[i]}`));
    await assertSameParameters(whole, parts);
    assert.ok(parts.memoryBytes < whole.memoryBytes);
  });
}

Deno.test("accumulate: with a batch norm it learns, and statistics are those of the runs", async () => {
  using parts = await trainer(8, { accumulate: 4 }, true);
  const before = await parts.read("norm.running_mean");
  const losses = await lossesOf(parts, 4);
  assert.ok(losses.at(-1)! < losses[0]);
  assert.notDeepEqual(await parts.read("norm.running_mean"), before);
});

Deno.test("accumulate: stopped and resumed, it has the same bits", async () => {
  const each: Partial<TrainingSettings> = { accumulate: 3, optimizer: { kind: "adam" } };
  using whole = await trainer(8, each);
  await lossesOf(whole, 2);
  using first = await trainer(8, each);
  for await (const { step } of first.fit(pictures(), { epochs: 2 })) if (step === 3) break;
  using second = await trainer(8, each);
  second.restore(await first.save());
  assert.deepEqual(second.cursor, { epoch: 0, batch: 3 });
  await lossesOf(second, 2);
  assert.deepEqual(await second.save(), await whole.save());
});

Deno.test("accumulate: a run that fails leaves nothing of its step behind", async () => {
  using untouched = await trainer(8, { accumulate: 4 });
  using one = await trainer(8, { accumulate: 4 });
  const data = pictures();
  let batches = 0;
  const failing: TrainingData = {
    count: COUNT,
    batch: (examples) => {
      if (++batches === 3) throw new Error("the disk is gone");
      return data.batch(examples);
    },
  };
  await assert.rejects(lossesOf(one, 1, failing), /the disk is gone/);
  assert.equal(one.steps, 0);
  assert.deepEqual(await lossesOf(one, 2), await lossesOf(untouched, 2));
  await assertSameParameters(one, untouched);
});

Deno.test("accumulate: too few examples for a step, and numbers that are none, are refused", async () => {
  using one = await trainer(32, { accumulate: 4 });
  await assert.rejects(lossesOf(one, 1), { code: "invalid_argument", message: /no batch of 128/ });
  for (const accumulate of [0, -1, 1.5, NaN, 2 ** 20, "2" as never]) {
    await assert.rejects(trainer(8, { accumulate }), { code: "invalid_argument" });
  }
});
