/** Weights and ranges that MobileQuant's stages leave: quantised again, they are what was learned. */
import assert from "node:assert/strict";
import { exportLearned, importLearned } from "../../src/training/quantization/export_learned.ts";
import { LearnedLlama, PAPER_SITES } from "../../src/training/quantization/learned_llama.ts";
import type { LearnedSettings } from "../../src/training/quantization/learned_llama.ts";
import { LearningStages } from "../../src/training/quantization/learning_stages.ts";
import { Random } from "../conformance/_random.ts";
import { tinyLlama, tinySizes, windowsOf } from "./_learned_llama.ts";

const SIZES = tinySizes(2);
const { config: CONFIG, weights: WEIGHTS } = tinyLlama(SIZES);
const random = new Random(4);
const WINDOWS = windowsOf(random, 3);

/** A model with all that is learned somewhere else than where it began. */
async function learned(settings: LearnedSettings): Promise<LearnedLlama> {
  const model = new LearnedLlama(CONFIG, WEIGHTS, settings);
  await new LearningStages(model, WINDOWS).calibrate();
  for (const [name, values] of model.values) {
    if (name.includes(".let.")) values.forEach((s, i) => values[i] = s * (0.7 + random.unit()));
    if (name.includes(".lwc.")) values.forEach((_, i) => values[i] = 1 + 3 * random.unit());
  }
  return model;
}

const divergence = (model: LearnedLlama): Promise<number> =>
  new LearningStages(model, WINDOWS).divergence();

for (const weightBits of [4, 8] as const) {
  Deno.test(`exported and quantised again: ${weightBits} bits`, async () => {
    const settings = { sites: PAPER_SITES, weightBits, ranges: "log" } as const;
    const model = await learned(settings);
    const exported = await exportLearned(model);
    const again = importLearned(CONFIG, exported, settings);
    const [before, after] = [await divergence(model), await divergence(again)];
    assert.ok(before > 1e-4);
    // The float network is another one where weights were limited: what is the same are the codes.
    const codes = async (own: LearnedLlama): Promise<number[]> =>
      (await new LearningStages(own, WINDOWS).residuals()).flatMap((x) => [...x]);
    const [a, b] = [await codes(model), await codes(again)];
    const most = Math.max(...a.map(Math.abs));
    const wrong = a.filter((x, i) => Math.abs(x - b[i]) > 1e-4 * most).length;
    assert.ok(wrong <= 0.03 * a.length, `${wrong} of ${a.length}`);
    assert.ok(Number.isFinite(after));
    // A scale of 1, and no logits: nothing is left to be folded.
    for (const [name, values] of again.values) {
      if (name.includes(".let.")) assert.ok(values.every((s) => s === 1));
    }
  });
}

Deno.test("symmetric weights keep the larger part of both ends", async () => {
  const model = await learned({ sites: {}, weightBits: 4, symmetric: true, ranges: "log" });
  const { weights } = await exportLearned(model);
  // What no scale is folded into.
  const name = "layers.1.mlp.gate_proj.weight";
  model.values.get("layers.1.let.norm2")!.fill(1);
  const [high, low] = ["high", "low"].map((end) => model.values.get(`layers.1.lwc.gate.${end}`)!);
  const again = (await exportLearned(model)).weights.get(name)!;
  assert.notDeepEqual(again, weights.get(name));
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  for (let row = 0; row < SIZES.hidden; row++) {
    const part = (of: Float32Array) => of.subarray(row * SIZES.width, (row + 1) * SIZES.width);
    const own = part(WEIGHTS.get(name)!);
    const span = Math.max(
      sigmoid(high[row]) * Math.max(0, ...own),
      sigmoid(low[row]) * Math.max(0, ...own.map((w) => -w)),
    );
    const kept = Math.max(...part(again).map(Math.abs));
    assert.ok(Math.abs(kept / span - 1) < 1e-6);
    part(again).forEach((w, i) =>
      assert.ok(Math.abs(own[i]) <= span ? w === own[i] : Math.abs(Math.abs(w) / span - 1) < 1e-6)
    );
  }
});

Deno.test("raw ranges are exported as their ends, and their codes of 0 rounded", async () => {
  const settings = { sites: PAPER_SITES, weightBits: 4, ranges: "raw" } as const;
  const model = await learned(settings);
  model.take("layers.1.range.down.scale", Float32Array.of(0.25));
  model.take("layers.1.range.down.zero", Float32Array.of(100.25));
  model.take("layers.0.range.scores.scale", Float32Array.of(2 ** -10));
  model.take("layers.0.range.scores.zero", Float32Array.of(30_000));
  const exported = await exportLearned(model);
  assert.deepEqual(exported.ranges.get("layers.1.down"), [-25.0625, -25.0625 + 63.75]);
  assert.deepEqual(exported.ranges.get("layers.0.scores"), [
    -30_000 / 1024,
    -30_000 / 1024 + 65_535 / 1024,
  ]);
  const again = importLearned(CONFIG, exported, settings);
  assert.deepEqual([...again.values.get("layers.1.range.down.scale")!], [0.25]);
  assert.deepEqual([...again.values.get("layers.1.range.down.zero")!], [100]);
  // The example of spec/mobilequant.md 8.1-5, with a range that holds 0: what is learned is what is deployed.
  const name = "layers.0.mlp.up_proj.weight";
  const row = exported.weights.get(name)!.subarray(0, CONFIG.width);
  const [high] = model.values.get("layers.0.lwc.up.high")!;
  const scales = model.values.get("layers.0.let.norm2")!;
  const [up] = model.values.get("layers.0.let.up")!;
  const moved = WEIGHTS.get(name)!.slice(0, CONFIG.width).map((w, c) => w * scales[c] / up);
  const kept = Math.max(...moved) / (1 + Math.exp(-high));
  assert.ok(Math.abs(Math.max(...row) / kept - 1) < 1e-6);
});
