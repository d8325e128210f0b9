/** Memory of training: what it is taken for, less of it with the same bits, and what is refused. */
import assert from "node:assert/strict";
import { FewbitError } from "../../src/errors.ts";
import { Graph } from "../../src/graph/graph.ts";
import { NodeBuilder } from "../../src/graph/node_builder.ts";
import { TrainedLayers, uniform } from "../../src/models/trained_layers.ts";
import { LANGUAGE_FAMILIES, languageTrainer } from "../../src/training/language_model.ts";
import type { LanguageTraining } from "../../src/training/language_model.ts";
import { textWindows } from "../../src/training/text_windows.ts";
import { Trainer } from "../../src/training/trainer.ts";
import { instructionOf } from "../../src/instructions/mod.ts";
import type { TrainerSettings } from "../../src/training/trainer_options.ts";
import {
  DS_CNN,
  learnedBy,
  MOBILENET,
  networkOf,
  RESNET8,
  trainerOf,
  VIT,
} from "./_memory_cases.ts";
import type { MemoryCase } from "./_memory_cases.ts";

const adam = { kind: "adam" } as const;

Deno.test("memory: bytes by what they are for are all bytes", async () => {
  const { graph } = networkOf(DS_CNN);
  const elements = graph.parameters.reduce(
    (sum, { shape }) => sum + (shape as number[]).reduce((a, b) => a * b),
    0,
  );
  const near = (bytes: number, expected: number): boolean =>
    bytes >= expected && bytes <= expected + 64 * graph.parameters.length;
  const cases: [Partial<TrainerSettings>, [number, number, number, number]][] = [
    // Bytes an element of parameters, masters, the optimiser, averages.
    [{}, [4, 0, 4, 0]],
    [{ optimizer: adam, average: 0.9 }, [4, 0, 8, 4]],
    [{ dtype: "bf16" }, [2, 2, 4, 0]],
    [{ dtype: "bf16", master: "kahan", optimizer: { kind: "sgd" } }, [2, 2, 0, 0]],
    [{ dtype: "f16" }, [4, 0, 4, 0]],
  ];
  for (const [settings, expected] of cases) {
    using trainer = await trainerOf(DS_CNN, settings);
    const { kinds, total, recomputed, cost, regions } = trainer.memory;
    assert.equal(total, trainer.memoryBytes);
    assert.equal(Object.values(kinds).reduce((a, b) => a + b), total);
    for (const [kind, bytes] of Object.entries(kinds)) assert.ok(bytes >= 0, kind);
    const { parameters, masters, optimizer, averages } = kinds;
    [parameters, masters, optimizer, averages].forEach((bytes, i) =>
      assert.ok(near(bytes, expected[i] * elements), `${JSON.stringify(settings)}, ${i}: ${bytes}`)
    );
    assert.ok(kinds.stash + kinds.gradients + kinds.working <= regions.arena);
    assert.deepEqual([recomputed, cost], [[], 0]);
  }
  // Sums of gradients outlive a run.
  using several = await trainerOf(DS_CNN, { accumulate: 2 });
  assert.ok(several.memory.kinds.gradients >= 4 * elements);
});

Deno.test("memory: what gradients read of a deep network is most of it, in 16 bits half as much", async () => {
  const large = { ...DS_CNN, batch: 16, side: 16 };
  using single = await trainerOf(large, {});
  using half = await trainerOf(large, { dtype: "bf16" });
  assert.ok(single.memory.kinds.stash > single.memory.total / 2);
  const share = half.memory.kinds.stash / single.memory.kinds.stash;
  assert.ok(share > 0.4 && share < 0.6, `${share}`);
});

const RELEASED: [string, MemoryCase, Partial<TrainerSettings>][] = [
  ["f32", DS_CNN, {}],
  ["bf16 and averages", DS_CNN, { dtype: "bf16", average: 0.9 }],
  ["bf16, rounded at random", DS_CNN, { dtype: "bf16", master: "stochastic" }],
  ["Kahan's sums and a falling rate", DS_CNN, {
    ...{ dtype: "bf16", master: "kahan", optimizer: { kind: "rmsprop" } },
    schedule: { kind: "plateau", factor: 0.5, patience: 1, threshold: 0.5, cooldown: 0, min: 0 },
  }],
  ["a ResNet8 that is decayed", RESNET8, { decay: () => 0.01 }],
  ["a transformer", VIT, { optimizer: { kind: "adamw", decay: 0.1 }, rate: 0.002 }],
];

for (const [name, of, settings] of RELEASED) {
  Deno.test(`memory: gradients that are not kept change no bit: ${name}`, async () => {
    using kept = await trainerOf(of, settings);
    using released = await trainerOf(of, { ...settings, releaseGradients: true });
    assert.deepEqual(await learnedBy(of, released), await learnedBy(of, kept));
    // The first update comes before the last gradient of weights.
    const isEarly = ({ program: { instructions } }: typeof kept): boolean => {
      const names = instructions.map(({ opcode }) => instructionOf(opcode)!.name);
      const first = names.findIndex((name) => /^(sgd|adam|rmsprop)_f32$/.test(name));
      return first <
        names.findLastIndex((name) => /^(conv_weight_gradient|matmul_tn)_f32$/.test(name));
    };
    assert.deepEqual([isEarly(kept), isEarly(released)], [false, true]);
  });
}

Deno.test("memory: gradients that are not kept take less", async () => {
  const settings = { optimizer: { kind: "sgd" } as const };
  using kept = await trainerOf(RESNET8, settings);
  using released = await trainerOf(RESNET8, { ...settings, releaseGradients: true });
  assert.ok(released.memory.kinds.gradients < 0.6 * kept.memory.kinds.gradients);
  assert.ok(released.memoryBytes < kept.memoryBytes - 100_000);
});

Deno.test("memory: gradients that something waits for are not released", async () => {
  const refused = async (settings: Partial<TrainerSettings>, says: RegExp): Promise<void> => {
    await assert.rejects(
      trainerOf(DS_CNN, { ...settings, releaseGradients: true }),
      (error) =>
        error instanceof FewbitError && error.code === "invalid_argument" &&
        says.test(error.message),
    );
  };
  await refused({ clipNorm: 1 }, /clipping/);
  await refused({ accumulate: 2 }, /several runs/);
  await refused({ dtype: "f16" }, /finite/);
});

const RECOMPUTED: [string, MemoryCase, Partial<TrainerSettings>, share: number][] = [
  ["f32", DS_CNN, {}, 0.65],
  ["bf16, rounded at random", DS_CNN, { dtype: "bf16", master: "stochastic" }, 0.8],
  ["f16 and adam", DS_CNN, { dtype: "f16", optimizer: adam }, 0.9],
  ["several runs of a step", DS_CNN, { accumulate: 2 }, 0.7],
  ["updates in between", { ...RESNET8, side: 32 }, { dtype: "bf16", releaseGradients: true }, 0.92],
  ["MobileNet", MOBILENET, { releaseGradients: true }, 0.95],
  ["a transformer", { ...VIT, side: 28 }, {}, 0.85],
];

for (const [name, of, settings, share] of RECOMPUTED) {
  Deno.test(`memory: what is computed again has the same bits: ${name}`, async () => {
    using whole = await trainerOf(of, settings);
    const memoryLimitBytes = Math.round(share * whole.memoryBytes);
    using small = await trainerOf(of, { ...settings, memoryLimitBytes });
    assert.ok(small.memoryBytes <= memoryLimitBytes);
    const { recomputed, cost, kinds } = small.memory;
    assert.ok(
      recomputed.length > 0 && recomputed.every(({ times, bytes }) => times > 0 && bytes > 0),
    );
    assert.ok(cost > 0);
    assert.ok(kinds.stash < whole.memory.kinds.stash);
    assert.deepEqual(await learnedBy(of, small), await learnedBy(of, whole));
  });
}

/** Layers behind one another, whose ReLUs may be computed again. */
async function deep(settings: Partial<TrainerSettings>): Promise<Trainer> {
  const graph = new Graph();
  const build = new NodeBuilder(graph);
  const layers = new TrainedLayers(graph, uniform(1));
  const x = graph.input("x", "f32", [256, 16]);
  let y = x;
  for (let i = 0; i < 8; i++) y = build.unary(layers.linear(y, `fc${i}`, 16), "sigmoid");
  graph.output("y", y);
  return await Trainer.load(graph, { loss: build.sum(build.mul(y, y)), rate: 0.1, ...settings });
}

Deno.test("memory: ResNet8 trains with one picture in 512 kB of parameters, states and arena", async () => {
  const counted = ({ memory: { regions: { parameter, state, arena } } }: Trainer): number =>
    parameter + state + arena;
  const settings = { dtype: "bf16", releaseGradients: true, optimizer: { kind: "sgd" } } as const;
  const picture = { ...RESNET8, batch: 1, side: 32 };
  using whole = await trainerOf(picture, settings);
  const memoryLimitBytes = whole.memoryBytes - (counted(whole) - 512_000);
  using small = await trainerOf(picture, { ...settings, memoryLimitBytes });
  assert.ok(counted(whole) > 650_000 && counted(small) < 512_000, `${counted(small)}`);
  assert.deepEqual(await learnedBy(picture, small), await learnedBy(picture, whole));
});

Deno.test("memory: language models compute trits, scans and attention again to the same bits", async () => {
  const sizes = { vocabulary: 16, width: 32, depth: 2, hidden: 32, tokens: 32, windows: 4 };
  const text = Int32Array.from({ length: 400 }, (_, i) => i * i % 16);
  for (const family of LANGUAGE_FAMILIES) {
    const learned = async (more: Partial<LanguageTraining>) => {
      const settings = { rate: 0.01, optimizer: { kind: "adamw" }, ...more } as const;
      using trainer = await languageTrainer({ family, ...sizes }, settings);
      const losses: number[] = [];
      for await (const { loss } of trainer.fit(textWindows(text, sizes.tokens, 1))) {
        losses.push(loss);
      }
      return { losses, trainer };
    };
    const { losses, trainer: { memoryBytes } } = await learned({});
    const memoryLimitBytes = Math.round(0.85 * memoryBytes);
    const small = await learned({ memoryLimitBytes, releaseGradients: true });
    assert.ok(small.trainer.memoryBytes <= memoryLimitBytes);
    assert.ok(small.trainer.memory.recomputed.length > 0 && losses.length >= 2, `${losses}`);
    assert.deepEqual(small.losses, losses);
  }
});

Deno.test("memory: a checkpoint goes on in more memory and in less, to the same bits", async () => {
  const settings = { dtype: "bf16", master: "stochastic" } as const;
  using whole = await trainerOf(DS_CNN, settings);
  const less = {
    ...settings,
    memoryLimitBytes: Math.round(0.85 * whole.memoryBytes),
    releaseGradients: true,
  };
  using small = await trainerOf(DS_CNN, less);
  using again = await trainerOf(DS_CNN, settings);
  await learnedBy(DS_CNN, small);
  for (const [from, to] of [[small, again], [again, small]]) {
    const saved = await from.save();
    assert.doesNotThrow(() => to.restore(saved));
  }
  const expected = (await learnedBy(DS_CNN, whole, 2)).kept;
  assert.deepEqual((await learnedBy(DS_CNN, again, 2)).kept, expected);
  assert.deepEqual((await learnedBy(DS_CNN, small, 2)).kept, expected);
  // Of other settings it is refused as before.
  using other = await trainerOf(DS_CNN, { ...less, optimizer: adam });
  const saved = await small.save();
  assert.throws(() => other.restore(saved), /another program/);
});

Deno.test("memory: less than the least is refused with the least, which is enough", async () => {
  const least = async (memoryLimitBytes: number): Promise<number> => {
    try {
      using _ = await deep({ memoryLimitBytes });
      return 0;
    } catch (error) {
      assert.ok(error instanceof FewbitError && error.code === "limit_exceeded", `${error}`);
      return Number(/the least is (\d+)/.exec(error.message)![1]);
    }
  };
  const bytes = await least(100_000);
  using whole = await deep({});
  assert.ok(bytes > 100_000 && bytes < 0.8 * whole.memoryBytes, `${bytes} of ${whole.memoryBytes}`);
  assert.equal(await least(bytes - 1), bytes);
  assert.equal(await least(bytes), 0);
  for (const memoryLimitBytes of [0, -1, NaN]) {
    await assert.rejects(
      deep({ memoryLimitBytes }),
      (error) => error instanceof FewbitError && error.code === "invalid_argument",
    );
  }
});

Deno.test("memory: of what fits, that is taken which computes least again, and more memory costs no more", async () => {
  const large: MemoryCase = { network: "resnet8", batch: 32, side: 32 };
  using whole = await trainerOf(large, {});
  const costs: number[] = [];
  for (let share = 1; share > 0.55; share -= 0.1) {
    const memoryLimitBytes = Math.floor(share * whole.memoryBytes) - 1;
    using trainer = await trainerOf(large, { memoryLimitBytes });
    assert.ok(trainer.memoryBytes <= memoryLimitBytes);
    costs.push(trainer.memory.cost);
  }
  assert.deepEqual(costs, costs.toSorted((a, b) => a - b));
  // There is one that computes .67 % again, and is found first.
  assert.ok(costs[0] < 0.005, `${costs}`);
});
