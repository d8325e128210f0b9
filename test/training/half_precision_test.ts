/** Training in 16 bits: where it rounds, what is kept of parameters, scales, checkpoints, and layers in other types. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { FewbitError } from "../../src/errors.ts";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import { NodeBuilder } from "../../src/graph/node_builder.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { roundToHalf } from "../../src/numeric/half.ts";
import type { HalfType } from "../../src/numeric/half.ts";
import { MASTERS } from "../../src/training/half_precision.ts";
import type { MasterKind, TrainingType } from "../../src/training/half_precision.ts";
import { tinyClassifier } from "../../src/training/tiny_classifier.ts";
import type { TinyNetwork } from "../../src/training/tiny_network.ts";
import { arrayData } from "../../src/training/training_data.ts";
import { Trainer } from "../../src/training/trainer.ts";
import type { TrainingSettings } from "../../src/training/training_graph.ts";
import { Random } from "../conformance/_random.ts";
import { bandPictures, smallDsCnn } from "./_small_ds_cnn.ts";

const TYPES: readonly HalfType[] = ["bf16", "f16"];

/** `y = w·x` of one number, loss `y²`; both factors are no 16-bit floats. */
function product(w: number): { graph: Graph; loss: Value } {
  const graph = new Graph();
  const build = new NodeBuilder(graph);
  const x = graph.input("x", "f32", [1, 1]);
  const weight = graph.parameter("w", { dtype: "f32", shape: [1, 1], data: Float32Array.of(w) });
  const y = graph.apply(ops.linear, { x, weight });
  graph.output("y", y);
  return { graph, loss: build.sum(build.mul(y, y)) };
}

function hashOf({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return createHash("sha256").update(new Uint8Array(buffer, byteOffset, byteLength)).digest("hex");
}

const one = (x: number) => arrayData({ x: Float32Array.of(x) }, 1);

Deno.test("half precision: inputs, weights and results are rounded, and so is what gradients read", async () => {
  const rate = 0.125;
  for (const dtype of TYPES) {
    // Whichever is not rounded first, the product is rounded to another number.
    const unit = dtype === "bf16" ? 2 ** -7 : 2 ** -10;
    const [w, x] = [1.75 + 0.4 * unit, 1 + 0.6 * unit];
    const q = (value: number): number => roundToHalf(dtype, Math.fround(value));
    const { graph, loss } = product(w);
    const lossScale = { initial: 1, interval: 0 };
    using trainer = await Trainer.load(graph, { loss, rate, dtype, master: "none", lossScale });
    const { y } = await trainer.predict({ x: Float32Array.of(x) });
    const rounded = q(q(w) * q(x));
    assert.equal(y.data[0], rounded);
    assert.notEqual(y.data[0], Math.fround(w * x));
    assert.notEqual(rounded, q(w * x));
    for await (const step of trainer.fit(one(x))) {
      // The loss is float32 of what is rounded.
      assert.equal(step.loss, Math.fround(rounded * rounded));
    }
    // dy = 2y, dw = dy·x with the stored x; all of them rounded.
    const gradient = q(q(2 * rounded) * q(x));
    const { dtype: of, data } = await trainer.read("w");
    assert.equal(of, "f32");
    assert.equal(data[0], q(q(w) - Math.fround(rate * gradient)));
  }
});

Deno.test("half precision: what is kept of a parameter is what small updates go to", async () => {
  // An update far below half a unit of the last place of 1.
  const [x, rate] = [1, 2 ** -14];
  const after = async (dtype: HalfType, master: MasterKind, steps: number): Promise<number> => {
    const { graph, loss } = product(1);
    const lossScale = { initial: 1, interval: 0 };
    using trainer = await Trainer.load(graph, { loss, rate, dtype, master, lossScale, seed: 3 });
    for await (const _ of trainer.fit(one(x), { epochs: steps }));
    return (await trainer.read("w")).data[0] as number;
  };
  // What 16 bits do not hold of the first weights is kept.
  const { graph, loss } = product(1.1);
  using split = await Trainer.load(graph, { loss, rate, dtype: "bf16" });
  assert.equal((await split.read("w")).data[0], Math.fround(1.1));
  for (const dtype of TYPES) {
    const exact = await after(dtype, "f32", 40);
    assert.ok(Math.abs(exact - (1 - 40 * 2 ** -13)) < 2 ** -9, `${exact}`);
    if (dtype === "bf16") {
      assert.equal(await after(dtype, "split", 40), exact);
      assert.equal(await after(dtype, "none", 40), 1);
    }
    const unit = dtype === "bf16" ? 2 ** -8 : 2 ** -11;
    assert.ok(Math.abs(await after(dtype, "kahan", 40) - exact) <= unit);
    assert.ok(Math.abs(await after(dtype, "stochastic", 40) - exact) <= 8 * unit);
    assert.notEqual(await after(dtype, "stochastic", 40), 1);
  }
});

Deno.test("half precision: large parameters are updated in pieces, each element as it would be alone", async () => {
  const count = 9001;
  const random = new Random(4);
  const numbers = (): Float32Array =>
    Float32Array.from({ length: count }, () => random.unit() - 0.5);
  const [first, x] = [numbers(), numbers()];
  const after = async (
    weights: Float32Array<ArrayBuffer>,
    input: Float32Array,
    settings: Partial<TrainingSettings>,
  ) => {
    const graph = new Graph();
    const build = new NodeBuilder(graph);
    const given = graph.input("x", "f32", [1, count]);
    const weight = graph.parameter("w", { dtype: "f32", shape: [1, count], data: weights });
    const y = graph.apply(ops.linear, { x: given, weight });
    graph.output("y", y);
    const loss = build.sum(build.mul(y, y));
    const optimizer = { kind: "sgd", momentum: 0.9 } as const;
    using one = await Trainer.load(graph, { loss, rate: 2 ** -14, optimizer, ...settings });
    for await (const _ of one.fit(arrayData({ x: input }, 1), { epochs: 3 }));
    return [(await one.read("w")).data, (await one.read("w.momentum")).data];
  };
  const whole = await after(first.slice(), x, { dtype: "bf16", master: "f32" });
  assert.notDeepEqual(whole[0], first);
  assert.deepEqual(await after(first.slice(), x, { dtype: "bf16", master: "split" }), whole);
  // Random numbers go on from piece to piece: what is equal is not rounded alike in each.
  const ones = new Float32Array(count).fill(1.001);
  const settings = { dtype: "bf16", master: "stochastic", seed: 5 } as const;
  const [rounded] = await after(ones.slice(), ones, settings);
  assert.notDeepEqual(rounded.slice(0, 4096), rounded.slice(4096, 8192));
});

const [BATCH, COUNT] = [4, 22];

async function dsCnnTrainer(more: Partial<TrainingSettings>): Promise<Trainer> {
  const { graph, loss } = smallDsCnn(BATCH);
  const optimizer = { kind: "sgd", momentum: 0.9, nesterov: true } as const;
  return await Trainer.load(graph, { loss, rate: 0.05, optimizer, seed: 2, ...more });
}

async function train(trainer: Trainer, epochs: number): Promise<number[]> {
  const losses: number[] = [];
  for await (const { loss } of trainer.fit(bandPictures(COUNT), { epochs })) losses.push(loss);
  return losses;
}

for (const dtype of TYPES) {
  for (const master of MASTERS) {
    if (dtype === "f16" && master === "split") continue;
    Deno.test(`half precision: ${dtype}, ${master} resumed has the same bits`, async () => {
      const settings = { dtype, master, lossScale: { initial: 2 ** 24, interval: 4 } };
      using whole = await dsCnnTrainer(settings);
      const losses = await train(whole, 4);
      using first = await dsCnnTrainer(settings);
      const seen: number[] = [];
      for await (const { loss } of first.fit(bandPictures(COUNT), { epochs: 4 })) {
        seen.push(loss);
        if (seen.length === 7) break;
      }
      const saved = await first.save();
      using second = await dsCnnTrainer(settings);
      second.restore(saved);
      assert.equal(hashOf(await second.save()), hashOf(saved));
      seen.push(...await train(second, 4));
      assert.deepEqual(seen, losses);
      assert.equal(hashOf(await second.save()), hashOf(await whole.save()));
    });
  }
}

Deno.test("half precision: a network learns as it does in float32", async () => {
  for (const dtype of TYPES) {
    using one = await dsCnnTrainer({ dtype });
    await train(one, 8);
    const { accuracy } = await one.evaluate(bandPictures(COUNT));
    assert.ok(accuracy >= 0.9, `${dtype}: ${accuracy}`);
  }
});

Deno.test("half precision: activations, what gradients read and weights take half of the memory", async () => {
  for (const dtype of TYPES) {
    using half = await dsCnnTrainer({ dtype });
    const stored = half.program.tensors.filter((tensor) => tensor.dtype === dtype);
    const { tensors, views, instructions, entries, expressions } = half.program;
    const { first, count } = entries.find(({ name }) => name === "train_step")!;
    const used = instructions.slice(first, first + count).flatMap(({ operands }) =>
      operands.flatMap((view) => view < 0 ? [] : [tensors[views[view].tensor]])
    );
    const large = used.filter(({ region, extents, dtype }) =>
      region === "arena" && dtype === "f32" &&
      extents.reduce((n, e) => n * expressions[e].constant, 1) >= BATCH * 36 * 64
    );
    assert.ok(stored.length > 40);
    assert.equal(large.length, 0, "values of float32 as large as a layer");
  }
  const bytesOf = async (network: TinyNetwork, dtype: TrainingType): Promise<number> => {
    using trainer = await tinyClassifier({
      ...{ network, dtype, classes: 10, batch: 32, rate: 0.1, decay: 0, seed: 1 },
      picture: network === "resnet8" ? [32, 32, 3] : [28, 28, 1],
      optimizer: { kind: "sgd", momentum: 0.9 },
      schedule: { kind: "constant" },
    });
    return trainer.memoryBytes;
  };
  for (const network of ["resnet8", "ds-cnn"] as const) {
    const single = await bytesOf(network, "f32");
    for (const dtype of TYPES) {
      const share = await bytesOf(network, dtype) / single;
      assert.ok(share <= 0.62, `${network} ${dtype}: ${(100 * share).toFixed(1)} %`);
    }
  }
});

Deno.test("half precision: a checkpoint has float32 weights, from which another type goes on", async () => {
  using half = await dsCnnTrainer({ dtype: "bf16" });
  await train(half, 1);
  const tensors = readSafetensors(await half.save());
  assert.ok(![...tensors.keys()].some((name) => name.endsWith(".low")));
  const parameters = new Map(
    [...tensors].filter(([name]) => !name.startsWith("train.") && !name.endsWith(".momentum")),
  );
  assert.ok([...parameters.values()].every(({ dtype }) => dtype === "f32"));
  using single = await dsCnnTrainer({});
  single.loadWeights(parameters);
  using again = await dsCnnTrainer({ dtype: "bf16", master: "kahan" });
  again.loadWeights(parameters);
  for (const name of ["conv0.weight", "fc.bias"]) {
    const { data } = parameters.get(name)!;
    assert.deepEqual((await single.read(name)).data, data);
    const rounded = (data as Float32Array).map((x) => roundToHalf("bf16", x));
    assert.deepEqual((await again.read(name)).data, rounded);
  }
});

Deno.test("half precision: moving averages are evaluated, and weights are what they were", async () => {
  using one = await dsCnnTrainer({ dtype: "bf16", average: 0.5 });
  await train(one, 1);
  const saved = await one.save();
  await one.evaluate(bandPictures(COUNT), { averaged: true });
  assert.equal(hashOf(await one.save()), hashOf(saved));
});

Deno.test("half precision: a layer in another type has a border", async () => {
  const dtype = (name: string) => name.startsWith("fc") ? "f32" as const : "bf16" as const;
  using mixed = await dsCnnTrainer({ dtype });
  const of = (name: string) => mixed.program.tensors.find((t) => t.name === name)?.dtype;
  assert.equal(of("fc.weight"), "f32");
  assert.equal(of("conv0.weight"), "bf16");
  const losses = await train(mixed, 3);
  assert.ok(losses.at(-1)! < losses[0]);
  // In the other direction what comes from float32 is rounded first.
  const first = (name: string) => name === "conv0.weight" ? "f32" as const : "f16" as const;
  using other = await dsCnnTrainer({ dtype: first });
  assert.equal(other.program.tensors.find((t) => t.name === "conv0.weight")?.dtype, "f32");
  assert.ok((await train(other, 3)).every(Number.isFinite));
  // Both kinds of 16 bits: what bfloat16 is split into is updated under a condition, too.
  const both = (name: string) => name.startsWith("fc") ? "f16" as const : "bf16" as const;
  using scaled = await dsCnnTrainer({ dtype: both, master: "split" });
  const upper = async (): Promise<Float32Array> =>
    ((await scaled.read("conv0.weight")).data as Float32Array).map((x) => roundToHalf("bf16", x));
  const before = await upper();
  await train(scaled, 1);
  assert.notEqual(hashOf(await upper()), hashOf(before));
});

Deno.test("half precision: several runs of a step add up, scaled once", async () => {
  const settings = { dtype: "f16", accumulate: 2 } as const;
  const run = async (initial: number): Promise<number> => {
    const { graph, loss } = product(1.5);
    const lossScale = { initial, interval: 0 };
    using one = await Trainer.load(graph, { loss, rate: 0.1, ...settings, lossScale });
    const data = arrayData({ x: Float32Array.of(1, 2, 3, 4) }, 4);
    for await (const { scale } of one.fit(data)) assert.equal(scale, initial);
    return (await one.read("w")).data[0] as number;
  };
  // Powers of two that nothing overflows or underflows by change no bit.
  assert.equal(await run(64), await run(128));
});

Deno.test("half precision: an overflow leaves a step out and halves the scale", async () => {
  const { graph, loss } = product(1);
  const optimizer = { kind: "adam" } as const;
  const lossScale = { initial: 2 ** 16, interval: 2 };
  using one = await Trainer.load(graph, { loss, rate: 0.1, optimizer, dtype: "f16", lossScale });
  const before = await one.read("w");
  const steps: unknown[] = [];
  for await (const step of one.fit(arrayData({ x: Float32Array.of(1) }, 1), { epochs: 6 })) {
    const { step: number, scale, skipped = false } = step;
    steps.push([number, scale, skipped]);
    if (number === 0) assert.deepEqual(await one.read("w"), before);
    assert.ok(Number.isFinite((await one.read("w")).data[0]));
    assert.equal((await one.read("w.mean")).data[0] === 0, number === 0);
  }
  // 2·2^16 is infinite, 2^16, too; 2^15 is not. After two good steps it is doubled again, which the smaller weight allows.
  assert.deepEqual(steps, [
    [0, 2 ** 16, true],
    [0, 2 ** 15, true],
    [1, 2 ** 14, false],
    [2, 2 ** 14, false],
    [3, 2 ** 15, false],
    [4, 2 ** 15, false],
  ]);
  assert.equal((await one.read("train.step")).data[0], 4);
});

Deno.test("half precision: sums of gradients that overflowed are forgotten", async () => {
  const settings = { rate: 0.1, dtype: "f16", accumulate: 2 } as const;
  const run = async (initial: number, epochs: number): Promise<[number, ...unknown[]]> => {
    const { graph, loss } = product(1);
    using one = await Trainer.load(graph, { loss, ...settings, lossScale: { initial } });
    const data = arrayData({ x: Float32Array.of(1, 1) }, 2);
    const skipped: boolean[] = [];
    for await (const step of one.fit(data, { epochs })) skipped.push(step.skipped === true);
    return [one.steps, (await one.read("w")).data[0], skipped];
  };
  const [steps, weight] = await run(64, 2);
  // The gradient of each run is half of 2·w times the scale; 2^16 is infinite, 2^15 is not.
  const [taken, same, skipped] = await run(2 ** 16, 3);
  assert.deepEqual(skipped, [true, false, false]);
  assert.deepEqual([taken, same], [steps, weight]);
});

Deno.test("half precision: running statistics of a step that is left out stay as they were", async () => {
  const read = async (of: Trainer): Promise<unknown[]> => [
    (await of.read("bn0.running_mean")).data,
    (await of.read("bn0.running_var")).data,
  ];
  using one = await dsCnnTrainer({ dtype: "f16", lossScale: { initial: 2 ** 24 } });
  const before = await read(one);
  const seen = { skipped: 0, taken: 0 };
  for await (const { skipped = false } of one.fit(bandPictures(COUNT), { epochs: 4 })) {
    seen[skipped ? "skipped" : "taken"]++;
    if (seen.taken === 0) assert.deepEqual(await read(one), before);
  }
  assert.notDeepEqual(await read(one), before);
  assert.ok(seen.skipped > 0 && seen.taken > 0, JSON.stringify(seen));
  // A picture that no float16 holds: what it leaves must not stay for ever.
  for (const accumulate of [1, 2]) {
    using other = await dsCnnTrainer({ dtype: "f16", accumulate });
    const data = bandPictures(COUNT);
    const huge = {
      ...data,
      batch: async (...of: Parameters<typeof data.batch>) => {
        const { x, ...rest } = await data.batch(...of);
        return { ...rest, x: (x as Float32Array).map((pixel) => 1e6 * pixel) };
      },
    };
    const message = /loss of step 1 is NaN; lower/;
    await assert.rejects(Array.fromAsync(other.fit(huge)), { message });
    assert.deepEqual(await read(other), before);
  }
});

Deno.test("half precision: settings that do not go together are refused", async () => {
  const { graph, loss } = product(1);
  const refuse = async (more: Partial<TrainingSettings>, code: string): Promise<void> => {
    await assert.rejects(
      Trainer.load(graph, { loss, rate: 0.1, ...more }),
      (error) => error instanceof FewbitError && error.code === code,
    );
  };
  await refuse({ dtype: "f8" as never }, "invalid_argument");
  await refuse({ dtype: "bf16", master: "all" as never }, "invalid_argument");
  await refuse({ dtype: "f16", master: "split" }, "invalid_argument");
  await refuse({ dtype: "f16", lossScale: { initial: 3 } }, "invalid_argument");
  await refuse({ dtype: "f16", lossScale: { interval: 0.5 } }, "invalid_argument");
  const adamw = { kind: "adamw", decay: 0.1 } as const;
  await refuse({ dtype: "bf16", master: "kahan", optimizer: adamw }, "unsupported");
});
