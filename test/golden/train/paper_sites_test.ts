/** The paper's sites in the integer engine beside their simulation in float32, on stories260K: the same divergence. */
import assert from "node:assert/strict";
import { openTextCheckpoint } from "../../../src/checkpoints/text_checkpoint.ts";
import {
  calibrateTextModel,
  compareIntegerText,
  compileIntegerText,
  parametersOfRanges,
} from "../../../src/compile/integer_text.ts";
import { buildLlama } from "../../../src/models/llama.ts";
import { lazyWeights } from "../../../src/models/language_weights.ts";
import { llamaConfig } from "../../../src/models/llama_config.ts";
import { NO_SHRINKING } from "../../../src/quantize/decoder_calibrate.ts";
import { LearnedLlama, PAPER_SITES } from "../../../src/training/quantization/learned_llama.ts";
import { exportLearned } from "../../../src/training/quantization/export_learned.ts";
import { LearningStages } from "../../../src/training/quantization/learning_stages.ts";
import { absent, readJson, SHARED } from "../_shared.ts";

const FOLDER = `${SHARED}/data/stories260K`;
const WINDOWS = "golden/llama2c/windows.json";
/** Ids of a window with the one that begins a text; windows to calibrate and to measure on. */
const [LENGTH, SEEN, MEASURED] = [121, 16, 8];

Deno.test({
  name: "golden: the paper's sites on stories260K, integers beside simulation",
  ignore: absent(FOLDER, `${SHARED}/${WINDOWS}`),
  fn: async () => {
    const checkpoint = await openTextCheckpoint(`${FOLDER}/stories260K.bin`);
    const config = llamaConfig(checkpoint.config);
    const ids: number[][] = readJson(WINDOWS).ids;
    const cut = (from: number, count: number) =>
      ids.slice(from, from + count).map((window) => window.slice(0, LENGTH));
    const [seen, measured] = [cut(0, SEEN), cut(64, MEASURED)];
    const behind = (windows: readonly (readonly number[])[]) => windows.map(([, ...rest]) => rest);
    const ranges = await calibrateTextModel(checkpoint, behind(seen), { prefix: [1] });
    const integers = async (sites: "paper" | "default"): Promise<number> => {
      const smoothing = { norms: NO_SHRINKING, down: NO_SHRINKING };
      const params = parametersOfRanges(checkpoint, ranges, [], smoothing, { sites });
      const program = compileIntegerText(checkpoint, params, { bits: "w4a8" });
      return (await compareIntegerText(checkpoint, program, [1], behind(measured))).divergence;
    };
    const weights = new Map(
      [...buildLlama(config, checkpoint.weights).constants.values()]
        .filter(({ value }) => value.dtype === "f32")
        .map((c) => [c.value.name, c.tensor(new Map()).data as Float32Array]),
    );
    const settings = { sites: PAPER_SITES, weightBits: 4, ranges: "log" } as const;
    const model = new LearnedLlama(config, weights, settings);
    await new LearningStages(model, seen).calibrate();
    for (const [name, values] of model.values) if (name.includes(".lwc.")) values.fill(30);
    const simulated = await new LearningStages(model, measured).divergence();
    // SmoothQuant-Edge on clipped weights, exported: what the engine makes of the weights is what was simulated.
    const smooth = await new LearningStages(model, seen).smooth(0.4);
    await new LearningStages(smooth, seen).calibrate();
    for (const [name, values] of smooth.values) if (name.includes(".lwc.")) values.fill(3);
    const clipped = await new LearningStages(smooth, measured).divergence();
    const { weights: exported } = await exportLearned(smooth);
    const tensors = [...checkpoint.weights].map(([name, lazy]) => {
      const { shape, data } = lazy.read();
      const own = exported.get(name.replace(/^model\./, "")) ?? data as Float32Array;
      return [name, { dtype: "f32", shape, data: own.slice() }] as const;
    });
    const deployed = { ...checkpoint, weights: lazyWeights(new Map(tensors)) };
    const program = compileIntegerText(
      deployed,
      parametersOfRanges(
        deployed,
        await calibrateTextModel(deployed, behind(seen), { prefix: [1] }),
        [],
        { norms: NO_SHRINKING, down: NO_SHRINKING },
        { sites: "paper" },
      ),
      { bits: "w4a8" },
    );
    const made = await compareIntegerText(checkpoint, program, [1], behind(measured));
    console.log(
      `clipped: simulated ${clipped.toPrecision(4)}, integers ${made.divergence.toPrecision(4)}`,
    );
    assert.ok(Math.abs(made.divergence / clipped - 1) < 0.1);
    const [paper, own] = [await integers("paper"), await integers("default")];
    console.log(
      `simulated ${simulated.toPrecision(4)}, integers ${paper.toPrecision(4)}, ` +
        `with the engine's sites ${own.toPrecision(4)}`,
    );
    assert.ok(Math.abs(paper / simulated - 1) < 0.1);
    assert.ok(own < 0.9 * paper);
  },
});
