/**
 * MobileQuant's stages on stories260K with the paper's sites (`spec/mobilequant.md`, T8): each is no worse than the one
 * before, in KL beside the float network on windows that none of them saw.
 */
import assert from "node:assert/strict";
import { openTextCheckpoint } from "../../../src/checkpoints/text_checkpoint.ts";
import { buildLlama } from "../../../src/models/llama.ts";
import { llamaConfig } from "../../../src/models/llama_config.ts";
import { LearnedLlama, PAPER_SITES } from "../../../src/training/quantization/learned_llama.ts";
import type {
  LearnedSettings,
  SiteBits,
} from "../../../src/training/quantization/learned_llama.ts";
import { folded } from "../../../src/training/quantization/fold_scales.ts";
import { LearningStages } from "../../../src/training/quantization/learning_stages.ts";
import { absent, readJson, SHARED } from "../_shared.ts";

const FOLDER = `${SHARED}/data/stories260K`;
const WINDOWS = "golden/llama2c/windows.json";
/** Tokens of a window, and windows to learn from and to measure on. */
const [LENGTH, SEEN, MEASURED] = [128, 32, 32];
const ALPHAS = [0.3, 0.4, 0.5, 0.6];
const W4: LearnedSettings = { sites: PAPER_SITES, weightBits: 4, ranges: "log" };

Deno.test({
  name: "golden: MobileQuant on stories260K, stage after stage",
  ignore: absent(FOLDER, `${SHARED}/${WINDOWS}`),
  fn: async () => {
    const { weights: stored, config: json } = await openTextCheckpoint(
      `${FOLDER}/stories260K.bin`,
    );
    const config = llamaConfig(json);
    const constants = [...buildLlama(config, stored).constants.values()];
    const weights = new Map(
      constants.filter(({ value }) => value.dtype === "f32").map((constant) => [
        constant.value.name,
        constant.tensor(new Map()).data as Float32Array,
      ]),
    );
    const ids: number[][] = readJson(WINDOWS).ids;
    const cut = (from: number, count: number) =>
      ids.slice(from, from + count).map((window) => window.slice(0, LENGTH));
    const [seen, measured] = [cut(0, SEEN), cut(64, MEASURED)];
    const divergence = (model: LearnedLlama, windows = measured): Promise<number> =>
      new LearningStages(model, windows).divergence();

    /** Ranges of weights as they are, or as learning begins with them. */
    const clip = (model: LearnedLlama, logit: number): void => {
      for (const [name, values] of model.values) if (name.includes(".lwc.")) values.fill(logit);
    };
    const closed = async (settings: LearnedSettings, alpha?: number): Promise<LearnedLlama> => {
      let model = new LearnedLlama(config, weights, settings);
      if (alpha !== undefined) model = await new LearningStages(model, seen).smooth(alpha);
      await new LearningStages(model, seen).calibrate();
      clip(model, 30);
      return model;
    };

    const rtn = await divergence(await closed(W4));
    let best = { alpha: 0, divergence: Infinity };
    for (const alpha of ALPHAS) {
      const own = await divergence(await closed(W4, alpha), seen.slice(0, 8));
      if (own < best.divergence) best = { alpha, divergence: own };
    }
    const smooth = await closed(W4, best.alpha);
    const edge = await divergence(smooth);
    const symmetric = await divergence(await closed({ ...W4, symmetric: true }, best.alpha));
    const [w8, all8] = await Promise.all(
      [PAPER_SITES, eightBits()].map(async (sites) =>
        await divergence(await closed({ ...W4, weightBits: 8, sites }, best.alpha))
      ),
    );

    clip(smooth, 4);
    const rates = { let: 1e-3, lwc: 1e-2 };
    const block = await folded(smooth);
    await new LearningStages(block, seen).learnBlocks({ rates, epochs: 2 });
    const ranged = await folded(smooth);
    await new LearningStages(ranged, seen)
      .learnBlocks({ rates: { ...rates, range: { scale: 1e-4, zero: 1e-3 } }, epochs: 2 });
    const blocks = await divergence(block);
    const ranges = await divergence(ranged);
    // What was folded is the same to float32's rounding, learned scales and all.
    const whole = await folded(ranged);
    assert.ok(Math.abs(await divergence(whole) / ranges - 1) < 0.02);
    await new LearningStages(whole, seen).learnWhole({
      loss: "kl",
      rates: { ...rates, range: { scale: 1e-3, zero: 1e-3 } },
      epochs: 2,
    });
    const end = await divergence(whole);

    const row = { rtn, edge, blocks, ranges, end, symmetric, w8, all8, alpha: best.alpha };
    console.log(
      Object.entries(row).map(([name, kl]) => `${name} ${kl.toPrecision(4)}`).join(", "),
    );
    const stages = [rtn, edge, blocks, ranges, end];
    stages.slice(1).forEach((kl, i) => assert.ok(kl <= 1.02 * stages[i], `stage ${i + 1}`));
    assert.ok(end <= 0.9 * rtn);
    assert.ok(symmetric > edge);
    assert.ok(all8 > 1.1 * w8);
  },
});

/** The paper's sites, all of 8 bits. */
function eightBits(): SiteBits {
  return Object.fromEntries(Object.keys(PAPER_SITES).map((site) => [site, 8]));
}
