/** What the trainer refuses: settings, data and checkpoints that are wrong, and two things at once. */
import assert from "node:assert/strict";
import { FewbitError } from "../../src/errors.ts";
import { Graph } from "../../src/graph/graph.ts";
import { NodeBuilder } from "../../src/graph/node_builder.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { crossEntropy } from "../../src/training/losses/cross_entropy.ts";
import { arrayData } from "../../src/training/training_data.ts";
import type { TrainingData } from "../../src/training/training_data.ts";
import { Trainer } from "../../src/training/trainer.ts";
import type { TrainingSettings } from "../../src/training/training_graph.ts";
import type { Tensor } from "../../src/tensor.ts";

/** A linear layer of three classes. */
async function trainer(settings: object = {}): Promise<Trainer> {
  const graph = new Graph();
  const x = graph.input("x", "f32", [2, 4]);
  const labels = graph.input("labels", "i32", [2], { check: "below", limit: 3 });
  const parameter = (name: string, shape: number[], length: number) =>
    graph.parameter(name, { dtype: "f32", shape, data: new Float32Array(length) });
  const weight = parameter("weight", [3, 4], 12);
  const logits = graph.apply(ops.linear, { x, weight, bias: parameter("bias", [3], 3) });
  graph.output("logits", logits);
  const loss = crossEntropy(new NodeBuilder(graph), logits, labels);
  return await Trainer.load(graph, { loss, rate: 0.1, ...settings } as TrainingSettings);
}

const DATA = arrayData({
  x: Float32Array.from({ length: 40 }, (_, i) => i % 7 - 3),
  labels: Int32Array.from({ length: 10 }, (_, i) => i % 3),
}, 10);

async function fit(one: Trainer, data: TrainingData = DATA, epochs = 1): Promise<void> {
  for await (const _ of one.fit(data, { epochs }));
}

Deno.test("trainer: settings out of range are refused before a step", async () => {
  const schedule = (fields: object) => ({ schedule: fields });
  const optimizer = (fields: object) => ({ optimizer: fields });
  const restarts = { kind: "warm_restarts", min: 0, first: 2, factor: 1 };
  const bad = [
    ...[NaN, -1, Infinity, "1", undefined].map((rate) => ({ rate })),
    ...[NaN, -1, 0].map((clipNorm) => ({ clipNorm })),
    ...[NaN, 1.5, -1, 2 ** 53].map((seed) => ({ seed })),
    { decay: () => NaN },
    optimizer({ kind: "sgd", momentum: NaN }),
    optimizer({ kind: "adam", betas: [0.9] }),
    optimizer({ kind: "adam", betas: [0.9, 1] }),
    optimizer({ kind: "adamw", epsilon: -1 }),
    optimizer({ kind: "adamw", decay: NaN }),
    schedule({ kind: "warmup_cosine", min: 0, warmup: 0, steps: 9 }),
    schedule({ kind: "cosine", min: NaN, steps: 9 }),
    schedule({ kind: "multi_step", at: [], gamma: 0.1 }),
    schedule({ kind: "exponential", gamma: 0 }),
    // Cycles that shrink, or have no step, would not come to an end.
    schedule({ ...restarts, factor: 0.5 }),
    schedule({ ...restarts, first: 0 }),
    schedule({ ...restarts, factor: 1.0000001 }),
    { dtype: () => "f8" },
    { dtype: () => undefined },
    { dtype: "bf16", sums: 16 },
    { renorm: {} },
    { renorm: { mostRatio: 0.5, mostShift: 0.5, rate: 0.1 } },
    { renorm: { mostRatio: 1.25, mostShift: NaN, rate: 0.1 } },
    { renorm: { mostRatio: 1.25, mostShift: 0.5, rate: 2 } },
  ];
  for (const settings of bad) {
    const refused = { code: "invalid_argument", message: /^Cannot train: / };
    await assert.rejects(trainer(settings), refused, JSON.stringify(settings));
  }
  using _ = await trainer(schedule({ ...restarts, factor: 2 }));
});

Deno.test("trainer: epochs and counts that are none are refused, and nothing is trained", async () => {
  using one = await trainer();
  for (const epochs of [NaN, -1, 1.5]) {
    await assert.rejects(fit(one, DATA, epochs), { code: "invalid_argument", message: /epochs/ });
  }
  for (const count of [NaN, 2.5, -4, Infinity]) {
    const data = { ...DATA, count };
    await assert.rejects(fit(one, data), { code: "invalid_argument", message: /count/ });
    await assert.rejects(one.evaluate(data), { code: "invalid_argument", message: /count/ });
  }
  assert.deepEqual([one.steps, one.cursor], [0, { epoch: 0, batch: 0 }]);
  await fit(one);
  assert.equal(one.steps, 5);
});

Deno.test("trainer: to evaluate needs an output, and a label for each example", async () => {
  using one = await trainer();
  await assert.rejects(one.evaluate(DATA, { output: "none" }), { code: "not_found" });
  await assert.rejects(one.evaluate({ ...DATA, count: 0 }), { code: "invalid_argument" });
  const x = new Float32Array(8);
  for (const labels of [undefined, Int32Array.of(1)]) {
    const data = { count: 4, batch: () => ({ x, ...labels && { labels } }) };
    await assert.rejects(one.evaluate(data), { code: "invalid_argument", message: /labels/ });
  }
  assert.equal((await one.evaluate(DATA)).count, 10);
});

Deno.test("trainer: weights of another type or length are refused before the first is taken", async () => {
  using one = await trainer();
  await fit(one);
  const before = await one.save();
  const weight: Tensor = { dtype: "f32", shape: [3, 4], data: new Float32Array(12).fill(9) };
  const load = (bias: Tensor): void =>
    one.loadWeights(new Map([["weight", weight], ["bias", bias]]));
  const integers: Tensor = { dtype: "i32", shape: [3], data: new Int32Array(3) };
  assert.throws(() => load(integers), { code: "dtype_mismatch" });
  const short: Tensor = { dtype: "f32", shape: [3], data: new Float32Array(2) };
  assert.throws(() => load(short), { code: "shape_mismatch" });
  assert.deepEqual(await one.save(), before);
});

Deno.test("trainer: whatever bit of a checkpoint changes, it is refused or says the same", async () => {
  using one = await trainer();
  await fit(one);
  const saved = await one.save();
  const restored = (bytes: Uint8Array): boolean => {
    try {
      one.restore(bytes);
      return true;
    } catch (error) {
      assert.ok(error instanceof FewbitError);
      return false;
    }
  };
  for (let i = 0; i < 8 * saved.length; i++) {
    const damaged = saved.slice();
    damaged[i >> 3] ^= 1 << (i & 7);
    if (restored(damaged)) assert.deepEqual(await one.save(), saved, `bit ${i}`);
  }
  for (let length = 0; length < saved.length; length++) {
    assert.ok(!restored(saved.subarray(0, length)), `${length} bytes`);
  }
  assert.deepEqual(await one.save(), saved);
});

Deno.test("trainer: within a step nothing is saved or loaded, and within fit nothing restored", async () => {
  using one = await trainer();
  const saved = await one.save();
  const names = ["weight", "bias"];
  const tensors = new Map(
    await Promise.all(
      names.map(async (name) => [name, await one.read(name)] as const),
    ),
  );
  const running = one.fit(DATA, { epochs: 2 });
  await running.next();
  const between = await one.save();
  assert.notDeepEqual(between, saved);
  assert.throws(() => one.restore(saved), { code: "invalid_argument", message: /fit is running/ });
  await running.return();
  let refused = 0;
  // Whatever comes between is refused, or a whole number of steps.
  const step = one.fit(DATA, { epochs: 2 }).next();
  for (let i = 0; i < 8; i++) {
    await Promise.resolve();
    try {
      one.loadWeights(tensors);
    } catch (error) {
      assert.match((error as Error).message, /a step is in progress/);
      await assert.rejects(one.save(), { message: /a step is in progress/ });
      refused++;
    }
  }
  assert.ok(refused > 0);
  await step;
  // The fit that was asked for one step has not ended.
  assert.throws(() => one.restore(between), { message: /fit is running/ });
  using other = await trainer();
  other.restore(between);
  assert.deepEqual(await other.save(), between);
});
