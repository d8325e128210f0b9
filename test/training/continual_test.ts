/** Learning one class after the other: what stays, what is kept, what is forgotten. */
import assert from "node:assert/strict";
import { Graph } from "../../src/graph/graph.ts";
import { NodeBuilder } from "../../src/graph/node_builder.ts";
import { TrainedLayers, uniform } from "../../src/models/trained_layers.ts";
import { ContinualClassifier } from "../../src/training/continual/continual_classifier.ts";
import { decodeLatents, encodeLatents } from "../../src/training/continual/latent_codes.ts";
import type { LatentType } from "../../src/training/continual/latent_codes.ts";
import { replayData } from "../../src/training/continual/replay_data.ts";
import { BalancedReservoir } from "../../src/training/continual/replay_memory.ts";
import { crossEntropy } from "../../src/training/losses/cross_entropy.ts";
import { Trainer } from "../../src/training/trainer.ts";
import { arrayData } from "../../src/training/training_data.ts";
import type { TrainingData } from "../../src/training/training_data.ts";
import { Random } from "../conformance/_random.ts";

const SIDE = 12;

/** Pictures of some classes: a bright bar at a place of its own, and noise. */
function pictures(classes: readonly number[], count: number, seed: number): TrainingData {
  const random = new Random(seed);
  const labels = Int32Array.from({ length: count }, (_, i) => classes[i % classes.length]);
  const x = Float32Array.from({ length: count * SIDE * SIDE }, (_, i) => {
    const row = Math.floor(i % (SIDE * SIDE) / SIDE);
    const isBright = Math.floor(row / 3) === labels[Math.floor(i / (SIDE * SIDE))];
    return (isBright ? 1.5 : -0.5) + random.unit() - 0.5;
  });
  return arrayData({ x, labels }, count);
}

const SETTINGS = {
  picture: [SIDE, SIDE],
  classes: 4,
  frozen: 1,
  batch: [8, 16],
  epochs: [8, 10],
  rate: [0.05, 0.05],
  seed: 3,
} as const;

async function learned(memory: number, latents: LatentType = "u8") {
  const learner = await ContinualClassifier.load(
    { ...SETTINGS, memory, latents, consolidated: memory > 0 },
    64,
  );
  await learner.learn(pictures([0, 1], 64, 1));
  const first = await learner.accuracy(pictures([0, 1], 32, 9));
  await learner.learn(pictures([2], 32, 2));
  await learner.learn(pictures([3], 32, 3));
  const all = await learner.accuracy(pictures([0, 1, 2, 3], 64, 10));
  return { learner, first, all };
}

Deno.test("with a memory of latents old classes stay, without one they are forgotten", async () => {
  const replay = await learned(24);
  using _ = replay.learner;
  assert.equal(replay.learner.remembered, 24);
  // A map of 6×6 with 64 channels in bytes.
  assert.equal(replay.learner.memoryBytes, 24 * 6 * 6 * 64);
  assert.ok(replay.first >= 0.95 && replay.all >= 0.8, `${replay.first}, ${replay.all}`);
  const naive = await learned(0);
  using __ = naive.learner;
  assert.equal(naive.learner.remembered, 0);
  assert.ok(naive.all <= 0.5, `${naive.all}`);
});

Deno.test("latents of 16 bits take two bytes each, and old classes stay as with 8", async () => {
  for (const type of ["bf16", "f16"] as const) {
    const { learner, all } = await learned(24, type);
    using _ = learner;
    assert.equal(learner.memoryBytes, 24 * 6 * 6 * 64 * 2);
    assert.equal(learner.memoryBytes, learner.mostMemoryBytes);
    assert.ok(all >= 0.8, `${type}: ${all}`);
  }
});

Deno.test("latents of 16 bits are the nearest floats of that type", () => {
  // Of 1 + 2^-8 both neighbours are as near: bfloat16 takes the even one, float16 has it.
  const x = Float32Array.of(0, 1, 1 + 2 ** -8, 1 + 3 * 2 ** -8, -3.140625, 70_000, 2 ** -24);
  const expected = {
    bf16: [0, 1, 1, 1 + 2 ** -6, -3.140625, 70_144, 2 ** -24],
    f16: [0, 1, 1 + 2 ** -8, 1 + 3 * 2 ** -8, -3.140625, Infinity, 2 ** -24],
  };
  for (const type of ["bf16", "f16"] as const) {
    const back = new Float32Array(x.length);
    decodeLatents(encodeLatents(x, type), back);
    assert.deepEqual([...back], expected[type], type);
  }
});

Deno.test("continual settings out of range are refused", async () => {
  for (
    const wrong of [{ frozen: 4 }, { memory: -1 }, { memory: 0.5 }, { latents: "f32" as "f16" }]
  ) {
    await assert.rejects(ContinualClassifier.load({ ...SETTINGS, memory: 8, ...wrong }, 8), {
      code: "invalid_argument",
    });
  }
});

Deno.test("a class-balanced reservoir takes from the largest class, whatever the stream", () => {
  const reservoir = new BalancedReservoir(12, 1);
  const held: number[] = [];
  const offer = (label: number, count: number): number => {
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const slot = reservoir.offer(label);
      if (slot === undefined) continue;
      held[slot] = label;
      kept++;
    }
    return kept;
  };
  assert.equal(offer(0, 12), 12);
  // Of a class that fills the memory 12 of n are kept: 100 more replace some of their own.
  const more = offer(0, 100);
  assert.ok(more > 5 && more < 60, `${more}`);
  offer(1, 40);
  offer(2, 5);
  offer(3, 200);
  assert.deepEqual(reservoir.classes, held);
  const counts = [0, 1, 2, 3].map((c) => held.filter((label) => label === c).length);
  assert.deepEqual(counts, [3, 3, 3, 3]);
});

Deno.test("batches have their share of new and of old examples, all new ones once", async () => {
  const stored = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => ({
      latent: encodeLatents(Float32Array.of(from + i, 0), "u8"),
      label: from === 0 ? 0 : 1,
    }));
  const data = replayData(stored(0, 10), stored(100, 30), { size: 2, batch: 8, seed: 4 });
  // ⌊10 / ⌊40 / 8⌋⌋ = 2 new ones in each of 5 batches.
  assert.equal(data.count, 40);
  const seen = new Set<number>();
  for (let at = 0; at < 5; at++) {
    const { x, labels } = await data.batch(new Int32Array(8), { epoch: 0, first: 8 * at });
    assert.deepEqual([...labels as Int32Array], [0, 0, 1, 1, 1, 1, 1, 1]);
    for (let i = 0; i < 8; i++) seen.add(Math.round(100 * (x as Float32Array)[2 * i]));
  }
  assert.equal(seen.size, 10 + 30);
});

Deno.test("Batch Renorm without correction is batch normalisation; with it statistics move by its rate", async () => {
  const built = async (renorm?: { mostRatio: number; mostShift: number; rate: number }) => {
    const graph = new Graph();
    const layers = new TrainedLayers(graph, uniform(2), { epsilon: 1e-3, momentum: 0.1 });
    const x = graph.input("x", "f32", [6, 3]);
    const labels = graph.input("labels", "i32", [6], { check: "below", limit: 3 });
    const logits = layers.batchNorm(layers.linear(x, "fc", 3), "bn");
    const loss = crossEntropy(new NodeBuilder(graph), logits, labels);
    return await Trainer.load(graph, { loss, rate: 0.1, ...renorm && { renorm } });
  };
  const random = new Random(8);
  const inputs = {
    x: Float32Array.from({ length: 18 }, () => 3 * random.unit()),
    labels: Int32Array.of(0, 1, 2, 0, 1, 2),
  };
  const data = arrayData(inputs, 6);
  const step = async (trainer: Trainer) => {
    for await (const { loss } of trainer.fit(data)) return loss;
    throw new Error("no step");
  };
  using plain = await built();
  using same = await built({ mostRatio: 1, mostShift: 0, rate: 0.5 });
  using other = await built({ mostRatio: 3, mostShift: 2, rate: 0.5 });
  const losses = [await step(plain), await step(same), await step(other)];
  assert.ok(Math.abs(losses[0] - losses[1]) <= 1e-6, losses.join());
  assert.ok(Math.abs(losses[0] - losses[2]) > 1e-3, losses.join());
  // The mean of the batch is the same for all; from 0 it moves by a tenth, and by a half.
  const [a, b] = [await plain.read("bn.running_mean"), await same.read("bn.running_mean")];
  a.data.forEach((mean, c) => {
    assert.ok(Math.abs(5 * Number(mean) - Number(b.data[c])) <= 1e-5 * Math.abs(Number(mean)));
  });
});
