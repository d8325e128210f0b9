/** Moving averages, plateaus, groups of parameters, batches that are read ahead, and what a loss that is no number says. */
import assert from "node:assert/strict";
import { Graph } from "../../src/graph/graph.ts";
import { NodeBuilder } from "../../src/graph/node_builder.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { crossEntropy } from "../../src/training/losses/cross_entropy.ts";
import { arrayData } from "../../src/training/training_data.ts";
import type { TrainingData } from "../../src/training/training_data.ts";
import { Trainer } from "../../src/training/trainer.ts";
import type { TrainingSettings } from "../../src/training/training_graph.ts";
import { Random } from "../conformance/_random.ts";

const [COUNT, WIDTH, CLASSES] = [60, 6, 3];

/** Two linear layers. */
async function trainer(settings: Partial<TrainingSettings> = {}): Promise<Trainer> {
  const graph = new Graph();
  const build = new NodeBuilder(graph);
  const random = new Random(2);
  const weight = (name: string, shape: number[]) =>
    graph.parameter(name, {
      dtype: "f32",
      shape,
      data: Float32Array.from({ length: shape[0] * shape[1] }, () => random.unit() - 0.5),
    });
  const x = graph.input("x", "f32", [4, WIDTH]);
  const labels = graph.input("labels", "i32", [4]);
  const hidden = graph.apply(ops.linear, { x, weight: weight("first", [5, WIDTH]) });
  const logits = graph.apply(ops.linear, {
    x: build.unary(hidden, "relu"),
    weight: weight("second", [CLASSES, 5]),
  });
  graph.output("logits", logits);
  const loss = crossEntropy(build, logits, labels);
  return await Trainer.load(graph, { loss, rate: 0.1, ...settings });
}

function examples(): TrainingData {
  const random = new Random(5);
  const x = Float32Array.from({ length: COUNT * WIDTH }, () => random.unit() * 2 - 1);
  return arrayData({ x, labels: Int32Array.from({ length: COUNT }, (_, i) => i % CLASSES) }, COUNT);
}

async function elements(one: Trainer, name: string): Promise<Float32Array> {
  return (await one.read(name)).data as Float32Array;
}

for (const accumulate of [1, 2]) {
  Deno.test(`trainer: averages are those of the parameters behind each step, ${accumulate} runs`, async () => {
    const decay = 0.75;
    using one = await trainer({ average: decay, accumulate });
    // 0.75 and 0.25 are exact: two products and a sum, each rounded.
    let want = await elements(one, "first");
    for await (const _ of one.fit(examples(), { epochs: 2 })) {
      const now = await elements(one, "first");
      want = want.map((a, i) => Math.fround(a * decay) + Math.fround(now[i] * (1 - decay)));
    }
    assert.deepEqual(one.averages().get("first")!.data, want);
    assert.deepEqual([...one.averages().keys()], ["first", "second"]);

    using other = await trainer();
    other.loadWeights(one.averages());
    const parameters = await elements(one, "first");
    const [averaged, plain] = [
      await one.evaluate(examples(), { averaged: true }),
      await other.evaluate(examples()),
    ];
    assert.deepEqual(averaged, plain);
    assert.deepEqual(await elements(one, "first"), parameters);
    // They go on from weights that are loaded.
    one.loadWeights(one.averages());
    assert.deepEqual(one.averages().get("first")!.data, await elements(one, "first"));
    assert.throws(() => other.averages(), { code: "invalid_argument" });
  });
}

/** PyTorch's ReduceLROnPlateau, mode min, threshold_mode rel, as its documentation has it. */
function plateauRates(losses: readonly number[], rate: number, s: Record<string, number>) {
  let [best, bad, cooldown] = [Infinity, 0, 0];
  return losses.map((loss) => {
    const used = rate;
    if (loss < best * (1 - s.threshold)) [best, bad] = [loss, 0];
    else bad++;
    if (cooldown > 0) [cooldown, bad] = [cooldown - 1, 0];
    if (bad > s.patience) {
      const smaller = Math.max(rate * s.factor, s.min);
      if (rate - smaller > 1e-8) rate = smaller;
      [cooldown, bad] = [s.cooldown, 0];
    }
    return used;
  });
}

for (const accumulate of [1, 3]) {
  Deno.test(`trainer: a plateau makes the rate smaller as PyTorch does, ${accumulate} runs`, async () => {
    const plateau = { factor: 0.5, patience: 1, threshold: 0.01, cooldown: 2, min: 0.01 };
    using one = await trainer({ schedule: { kind: "plateau", ...plateau }, accumulate });
    const seen: { loss: number; rate: number }[] = [];
    for await (const { loss, rate } of one.fit(examples(), { epochs: 6 })) {
      seen.push({ loss, rate });
    }
    const want = plateauRates(seen.map(({ loss }) => loss), 0.1, plateau);
    assert.ok(new Set(want).size >= 4, `${want}`);
    seen.forEach(({ rate }, i) => assert.ok(Math.abs(rate / want[i] - 1) < 1e-6, `step ${i}`));
  });
}

Deno.test("trainer: a group has a rate, a decay and an optimiser of its own", async () => {
  const firstStep = async (settings: Partial<TrainingSettings>) => {
    using one = await trainer(settings);
    for await (const _ of one.fit(examples())) break;
    return { first: await elements(one, "first"), second: await elements(one, "second") };
  };
  const grouped = await firstStep({
    group: (name) => name === "first" ? { rate: 0.5, decay: 0.1 } : { optimizer: { kind: "lion" } },
  });
  const first = await firstStep({ rate: 0.05, optimizer: { kind: "sgd", decay: 0.1 } });
  const second = await firstStep({ optimizer: { kind: "lion" } });
  assert.deepEqual(grouped.first, first.first);
  assert.deepEqual(grouped.second, second.second);
  const plain = await firstStep({});
  assert.notDeepEqual(grouped.first, plain.first);
  // A rate of 0 keeps what it is for.
  const kept = await firstStep({ group: (name) => ({ rate: name === "first" ? 0 : 1 }) });
  using untrained = await trainer();
  assert.deepEqual(kept.first, await elements(untrained, "first"));
  assert.deepEqual(kept.second, plain.second);
  for (const group of [{ rate: NaN }, { rate: -1 }, { decay: -1 }]) {
    await assert.rejects(trainer({ group: () => group }), { code: "invalid_argument" });
  }
});

Deno.test("trainer: batches that are read ahead are the same, and are asked for early", async () => {
  const asked: string[] = [];
  const data = examples();
  const slow: TrainingData = {
    count: COUNT,
    batch: async (numbers, place) => {
      asked.push(`${place?.epoch}: ${numbers}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
      return data.batch(numbers);
    },
  };
  using plain = await trainer();
  const want: number[] = [];
  for await (const { loss } of plain.fit(slow, { epochs: 2 })) want.push(loss);
  const inOrder = asked.splice(0);
  using ahead = await trainer();
  const got: number[] = [];
  for await (const { step, loss } of ahead.fit(slow, { epochs: 2, prefetch: 2 })) {
    got.push(loss);
    if (step === 1) assert.equal(asked.length, 3);
  }
  assert.deepEqual(got, want);
  assert.deepEqual(asked, inOrder);
  assert.equal(new Set(asked).size, 30);
  await assert.rejects(async () => {
    for await (const _ of ahead.fit(slow, { prefetch: -1 }));
  }, { code: "invalid_argument" });
});

Deno.test("trainer: a loss that is no number names the first tensor that is not finite", async () => {
  const data = examples();
  const broken = (change: (x: Float32Array) => void): TrainingData => ({
    count: COUNT,
    batch: async (numbers) => {
      const { x, ...rest } = await data.batch(numbers);
      const copy = Float32Array.from(x as Float32Array);
      change(copy);
      return { x: copy, ...rest };
    },
  });
  using one = await trainer();
  await assert.rejects(async () => {
    for await (const _ of one.fit(broken((x) => x[3] = NaN)));
  }, { code: "invalid_argument", message: /step 1 is NaN: input x is not finite/ });
  using other = await trainer({ rate: 1e30 });
  await assert.rejects(async () => {
    for await (const _ of other.fit(data));
  }, {
    code: "invalid_argument",
    message: /the loss of step \d+ is \S+, and (first|second) is not/,
  });
});
