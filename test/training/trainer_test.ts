/** The trainer: it learns, stops, resumes bit by bit, and refuses what it must. */
import assert from "node:assert/strict";
import { FewbitError } from "../../src/errors.ts";
import { Graph } from "../../src/graph/graph.ts";
import { NodeBuilder } from "../../src/graph/node_builder.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { arrayData } from "../../src/training/training_data.ts";
import { Trainer } from "../../src/training/trainer.ts";
import type { TrainingSettings } from "../../src/training/training_graph.ts";
import { bandPictures, SIZE, smallDsCnn } from "./_small_ds_cnn.ts";

const [BATCH, COUNT] = [4, 22];

const SETTINGS = {
  rate: 0.05,
  optimizer: { kind: "sgd", momentum: 0.9, nesterov: true },
  seed: 2,
} as const;

async function trainer(more: Partial<TrainingSettings> = {}): Promise<Trainer> {
  const { graph, loss } = smallDsCnn(BATCH);
  return await Trainer.load(graph, { loss, ...SETTINGS, ...more });
}

/** Losses of all steps. */
async function lossesOf(one: Trainer, epochs: number): Promise<number[]> {
  const losses: number[] = [];
  for await (const { loss } of one.fit(bandPictures(COUNT), { epochs })) losses.push(loss);
  return losses;
}

Deno.test("trainer: it learns, and evaluating changes nothing", async () => {
  using one = await trainer();
  const before = await one.evaluate(bandPictures(COUNT));
  const losses = await lossesOf(one, 8);
  assert.equal(losses.length, 8 * Math.floor(COUNT / BATCH));
  assert.equal(one.steps, losses.length);
  // Each step draws words of its own.
  assert.equal((await one.read("train.random")).data[2], losses.length);
  const saved = await one.save();
  const { accuracy, count } = await one.evaluate(bandPictures(COUNT));
  assert.equal(count, COUNT);
  assert.ok(accuracy >= 0.9 && before.accuracy < 0.7, `${before.accuracy} to ${accuracy}`);
  assert.deepEqual(await one.save(), saved);
});

Deno.test("trainer: stopped and resumed, it has the same bits", async () => {
  using whole = await trainer();
  const losses = await lossesOf(whole, 3);
  using first = await trainer();
  const seen: number[] = [];
  // In the middle of the second epoch.
  for await (const { loss } of first.fit(bandPictures(COUNT), { epochs: 3 })) {
    if (seen.push(loss) === 7) break;
  }
  using second = await trainer();
  second.restore(await first.save());
  assert.deepEqual(second.cursor, { epoch: 1, batch: 2 });
  assert.equal(second.steps, 7);
  seen.push(...await lossesOf(second, 3));
  assert.deepEqual(seen, losses);
  assert.deepEqual(await second.save(), await whole.save());
});

Deno.test("trainer: an abort takes effect between two steps", async () => {
  using one = await trainer();
  const controller = new AbortController();
  let steps = 0;
  await assert.rejects(async () => {
    for await (
      const { step } of one.fit(bandPictures(COUNT), { epochs: 2, signal: controller.signal })
    ) {
      steps = step;
      if (step === 3) controller.abort(new Error("enough"));
    }
  }, /enough/);
  assert.equal(steps, 3);
  assert.deepEqual(one.cursor, { epoch: 0, batch: 3 });
});

Deno.test("trainer: what does not change keeps its bits, and frozen norms their statistics", async () => {
  using one = await trainer({ trainable: (name) => name.startsWith("fc.") });
  const names = ["conv0.weight", "bn0.weight", "bn0.running_mean", "fc.weight"];
  const before = await Promise.all(names.map((name) => one.read(name)));
  await lossesOf(one, 1);
  const after = await Promise.all(names.map((name) => one.read(name)));
  names.slice(0, 3).forEach((name, i) => assert.deepEqual(after[i], before[i], name));
  assert.notDeepEqual(after[3], before[3]);
});

Deno.test("trainer: weights alone go into another program", async () => {
  using one = await trainer();
  await lossesOf(one, 4);
  using other = await trainer({ optimizer: { kind: "adamw" }, rate: 0.001 });
  const tensors = new Map<string, Awaited<ReturnType<Trainer["read"]>>>();
  for (const { name, region } of one.program.tensors) {
    if (region === "parameter" || region === "state") tensors.set(name, await one.read(name));
  }
  other.loadWeights(tensors);
  assert.deepEqual(
    await other.evaluate(bandPictures(COUNT)),
    await one.evaluate(bandPictures(COUNT)),
  );
  assert.equal(other.steps, 0);
  tensors.delete("fc.bias");
  assert.throws(() => other.loadWeights(tensors), { code: "not_found" });
  tensors.set("fc.bias", { dtype: "f32", shape: [4], data: new Float32Array(4) });
  assert.throws(() => other.loadWeights(tensors), { code: "shape_mismatch" });
});

Deno.test("trainer: a checkpoint that is damaged, or another program's, is refused and changes nothing", async () => {
  using one = await trainer();
  await lossesOf(one, 1);
  const saved = await one.save();
  using other = await trainer();
  const before = await other.save();
  for (const at of [9, 40, saved.length - 1, Math.floor(saved.length / 2)]) {
    const damaged = saved.slice();
    damaged[at] ^= 0x10;
    assert.throws(() => other.restore(damaged), (error) => error instanceof FewbitError);
  }
  assert.throws(() => other.restore(saved.subarray(0, 1000)), { code: "invalid_file" });
  assert.throws(() => other.restore(writeSafetensors(new Map())), { code: "invalid_file" });
  assert.deepEqual(await other.save(), before);
  using third = await trainer({ rate: 0.01 });
  assert.throws(() => third.restore(saved), { code: "invalid_file" });
  other.restore(saved);
  assert.deepEqual(await other.save(), saved);
});

Deno.test("trainer: a loss that is no number says so, and which parameter is none", async () => {
  using one = await trainer({ rate: 1e30 });
  await assert.rejects(() => lossesOf(one, 4), {
    code: "invalid_argument",
    message: /the loss of step \d+ is .*, and [\w.]+ is not finite/,
  });
});

Deno.test("trainer: labels out of range, too few examples and unfitting arrays are refused", async () => {
  using one = await trainer();
  const x = new Float32Array(BATCH * SIZE * SIZE);
  const bad = arrayData({ x, labels: Int32Array.of(0, 1, 2, 3) }, BATCH);
  await assert.rejects(() => one.fit(bad).next(), { code: "invalid_argument" });
  const few = arrayData({ x: x.subarray(SIZE * SIZE), labels: new Int32Array(3) }, 3);
  await assert.rejects(() => one.fit(few).next(), { code: "invalid_argument" });
  assert.throws(() => arrayData({ x, labels: new Int32Array(5) }, BATCH), {
    code: "shape_mismatch",
  });
  const flat = arrayData({ x: new Float32Array(BATCH * 5), labels: new Int32Array(BATCH) }, BATCH);
  await assert.rejects(() => one.fit(flat).next(), { code: "shape_mismatch" });
});

Deno.test("trainer: graphs that cannot be trained are refused", async () => {
  const { graph, loss } = smallDsCnn(BATCH);
  const nothing = { loss, rate: 0.1, trainable: () => false };
  await assert.rejects(Trainer.load(graph, nothing), { code: "invalid_argument" });
  const odd = new Graph();
  const [a, b] = [odd.input("a", "f32", [2, 1]), odd.input("b", "f32", [3, 1])];
  const w = odd.parameter("w", { dtype: "f32", shape: [1], data: Float32Array.of(1) });
  const build = new NodeBuilder(odd);
  const both = build.add(build.sum(build.mul(a, w)), build.sum(b));
  await assert.rejects(Trainer.load(odd, { loss: both, rate: 1 }), { code: "invalid_argument" });
  const unknown = { loss, rate: 0.1, optimizer: { kind: "magic" } } as never;
  await assert.rejects(Trainer.load(graph, unknown), { code: "invalid_argument" });
});

Deno.test("trainer: gradients are clipped by their norm", async () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [2, 2]);
  const w = graph.parameter("w", { dtype: "f32", shape: [2], data: Float32Array.of(0, 0) });
  const loss = new NodeBuilder(graph).sum(graph.apply(ops.mul, { a: x, b: w }));
  using one = await Trainer.load(graph, { loss, rate: 1, clipNorm: 1 });
  const data = arrayData({ x: Float32Array.of(1, 2, 2, 2) }, 2);
  await one.fit(data).next();
  const { data: after } = await one.read("w");
  // The gradient is (3, 4).
  assert.ok(Math.abs(after[0] as number + 0.6) < 1e-6 && Math.abs(after[1] as number + 0.8) < 1e-6);
});
