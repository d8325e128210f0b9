/** Selections of parameters: which they are, that nothing else changes, and that less memory and work is needed. */
import assert from "node:assert/strict";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import { NodeBuilder } from "../../src/graph/node_builder.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { convWeightGradientF32 } from "../../src/instructions/conv_weight_gradient_f32.ts";
import { TrainedLayers, uniform } from "../../src/models/trained_layers.ts";
import { fineTuning } from "../../src/training/fine_tuning.ts";
import { crossEntropy } from "../../src/training/losses/cross_entropy.ts";
import { tinyNetwork } from "../../src/training/tiny_network.ts";
import type { TinyNetwork } from "../../src/training/tiny_network.ts";
import { Trainer } from "../../src/training/trainer.ts";
import { arrayData } from "../../src/training/training_data.ts";
import { Random } from "../conformance/_random.ts";

const [BATCH, SIZE, CLASSES, COUNT] = [4, 12, 3, 16];

interface Network {
  readonly graph: Graph;
  readonly loss: Value;
}

function network(name: TinyNetwork): Network {
  const graph = new Graph();
  const layers = new TrainedLayers(graph, uniform(5));
  const x = graph.input("x", "f32", [BATCH, SIZE, SIZE, 1]);
  const labels = graph.input("labels", "i32", [BATCH], { check: "below", limit: CLASSES });
  const logits = tinyNetwork(layers, name, x, CLASSES);
  graph.output("logits", logits);
  return { graph, loss: crossEntropy(new NodeBuilder(graph), logits, labels) };
}

function pictures() {
  const random = new Random(8);
  const labels = Int32Array.from({ length: COUNT }, (_, i) => i % CLASSES);
  const x = Float32Array.from({ length: COUNT * SIZE * SIZE }, () => random.unit());
  return arrayData({ x, labels }, COUNT);
}

function trained(name: TinyNetwork, only: string): readonly string[] {
  const { graph, loss } = network(name);
  return fineTuning(graph, loss, only).trained;
}

Deno.test("fine-tuning: a selection is the parameters that it says, in convolutional networks", () => {
  assert.deepEqual(trained("ds-cnn", "head"), ["fc.weight", "fc.bias"]);
  assert.deepEqual(trained("mobilenet-v1", "head"), ["fc.weight"]);
  const blocks = [1, 2, 3, 4];
  assert.deepEqual(trained("ds-cnn", "bias"), [
    "bn0.bias",
    ...blocks.flatMap((i) => [`dw${i}.bn.bias`, `pw${i}.bn.bias`]),
    "fc.bias",
  ]);
  assert.deepEqual(trained("resnet8", "blocks:2"), [
    "s2.a.weight",
    "s2.bn_a.weight",
    "s2.bn_a.bias",
    "s2.b.weight",
    "s2.bn_b.weight",
    "s2.bn_b.bias",
    "s2.skip.weight",
    "s2.skip.bias",
  ]);
  const norms = trained("resnet8", "norm");
  assert.equal(norms.length, 14);
  assert.ok(norms.every((name) => /bn\w*\.(weight|bias)$/.test(name)), `${norms}`);
  const adapters = trained("ds-cnn", "lora:2");
  // Depthwise convolutions and the head have none.
  assert.deepEqual(
    adapters,
    ["conv0", "pw1", "pw2", "pw3", "pw4"]
      .flatMap((module) => [`${module}.lora_A.weight`, `${module}.lora_B.weight`]),
  );
  const { graph } = network("ds-cnn");
  assert.deepEqual(trained("ds-cnn", "full"), graph.parameters.map(({ name }) => name));
});

Deno.test("fine-tuning: a selection is the parameters that it says, in a vision transformer", () => {
  assert.deepEqual(trained("vit", "head"), ["head.weight", "head.bias"]);
  const block = trained("vit", "blocks:1-2");
  assert.equal(block.length, 24);
  assert.ok(block.every((name) => /^blocks\.[12]\./.test(name)));
  const norms = trained("vit", "norm");
  assert.equal(norms.length, 2 * (2 * 4 + 1));
  const all = trained("vit", "head, norm,lora:4:8");
  assert.deepEqual(all.filter((name) => !name.includes("lora")).length, 2 + norms.length);
  // Four layers a block, and the patches.
  assert.equal(all.filter((name) => name.includes("lora_A")).length, 4 * 4 + 1);
  const { graph, loss } = network("vit");
  assert.ok(fineTuning(graph, loss, "lora:4:8").adapters.every(({ scale }) => scale === 2));
});

Deno.test("fine-tuning: only what was selected changes, and statistics with norms only", async () => {
  const start = await snapshot("full", 0);
  for (
    const [only, keepsStatistics] of [
      ["head", true],
      ["bias", true],
      ["lora:2", true],
      ["norm", false],
      ["blocks:2", false],
    ] as const
  ) {
    const { graph, loss } = network("resnet8");
    const names = new Set(fineTuning(graph, loss, only).trained);
    const after = await snapshot(only, 2);
    let moved = false;
    for (const [name, before] of start) {
      const isSame = `${after.get(name)}` === `${before}`;
      if (/running/.test(name)) moved ||= !isSame;
      else assert.equal(isSame, !names.has(name), `${only}: ${name}`);
    }
    assert.equal(moved, !keepsStatistics, only);
  }
});

/** Parameters and statistics after some steps. */
async function snapshot(only: string, epochs: number): Promise<Map<string, Float32Array>> {
  const { graph, loss } = network("resnet8");
  const tuning = fineTuning(graph, loss, only);
  using trainer = await Trainer.load(tuning.graph, { ...tuning, rate: 0.05 });
  for await (const _ of trainer.fit(pictures(), { epochs })) { /* on */ }
  const found = new Map<string, Float32Array>();
  for (const { name, region } of trainer.program.tensors) {
    if (region !== "parameter" && region !== "state" || name.startsWith("train.")) continue;
    found.set(name, (await trainer.read(name)).data as Float32Array);
  }
  return found;
}

Deno.test("fine-tuning: the less is trained, the less memory and work a step takes", async () => {
  const costs = await Promise.all(
    ["head", "blocks:3", "lora:2", "full"].map(async (only) => {
      const { graph, loss } = network("resnet8");
      const tuning = fineTuning(graph, loss, only);
      using trainer = await Trainer.load(tuning.graph, { ...tuning, rate: 0.05 });
      const { entries, instructions } = trainer.program;
      const step = entries.find(({ name }) => name === "train_step")!;
      const used = instructions.slice(step.first, step.first + step.count);
      const weights = used.filter(({ opcode }) => opcode === convWeightGradientF32.opcode).length;
      return { only, memory: trainer.memoryBytes, instructions: used.length, weights };
    }),
  );
  const [head, block, lora, full] = costs;
  // No convolution is differentiated below the head; one block has three of nine.
  assert.deepEqual([head.weights, block.weights, full.weights], [0, 3, 9]);
  assert.ok(head.instructions < block.instructions && block.instructions < full.instructions);
  assert.ok(head.memory < block.memory / 1.2, JSON.stringify(costs));
  assert.ok(block.memory < full.memory / 1.2, JSON.stringify(costs));
  assert.ok(lora.memory < full.memory, JSON.stringify(costs));
});

Deno.test("fine-tuning: what is no selection, or selects nothing, is refused with names", () => {
  const { graph, loss } = network("ds-cnn");
  const refuses = (only: string, message: RegExp): void => {
    assert.throws(() => fineTuning(graph, loss, only), { code: "invalid_argument", message });
  };
  refuses("", /"" is no selection; there are head, bias/);
  refuses("heads", /"heads" is no selection/);
  refuses("lora", /"lora" is no selection/);
  refuses("lora:0", /rank is 0/);
  refuses("lora:2:0", /alpha is 0/);
  refuses("lora:2,lora:4", /twice/);
  refuses("blocks:x", /"blocks:x" is no selection/);
  refuses(
    "head,blocks:7-9",
    /"blocks:7-9" selects nothing; the parameters are conv0\.weight, .*fc/,
  );
  const plain = new Graph();
  const x = plain.input("x", "f32", [1, 2]);
  const data = new Float32Array(4).fill(1);
  const weight = plain.parameter("w", { dtype: "f32", shape: [2, 2], data });
  const y = plain.apply(ops.linear, { x, weight });
  const sum = new NodeBuilder(plain).sum(y);
  assert.throws(() => fineTuning(plain, sum, "head"), { message: /no output logits/ });
  for (const only of ["norm", "bias"]) {
    assert.throws(() => fineTuning(plain, sum, only, { logits: y }), {
      code: "invalid_argument",
      message: new RegExp(`"${only}" selects nothing; the parameters are w$`),
    });
  }
  assert.throws(() => fineTuning(plain, sum, "lora:1", { logits: y }), {
    code: "invalid_argument",
    message: /no weight gets an adapter/,
  });
  assert.throws(() => fineTuning(plain, loss, "head", { logits: y }), {
    code: "invalid_argument",
    message: /no value of this graph/,
  });
});
