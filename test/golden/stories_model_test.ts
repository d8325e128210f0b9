/**
 * The integers of stories260K that ship: made again from the float model and its calibration windows, and how
 * well they predict the windows that are left. `FEWBIT_WRITE=1` writes the file.
 */
import assert from "node:assert/strict";
import { openTextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import {
  calibrateTextModel,
  compareIntegerText,
  compileIntegerText,
  parametersOfRanges,
} from "../../src/compile/integer_text.ts";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { ROOT } from "../../src/quantize/decoder_calibrate.ts";
import type { Shrinking } from "../../src/quantize/decoder_calibrate.ts";
import type { LanguageBits } from "../../src/quantize/shifted_weights.ts";
import { absent, readJson, SHARED } from "./_shared.ts";

const MODEL = `${SHARED}/data/stories260K/stories260K.bin`;
const SHIPPED = new URL("../../models/stories260k.fewbit", import.meta.url);
const ignore = absent(MODEL, `${SHARED}/golden/llama2c/windows.json`);
/** What the search by KL on calibration windows chooses: see `fewbit quantize`. */
const SHRINKING: Readonly<Record<LanguageBits, Shrinking>> = {
  w8a8: { quantile: 0.5, power: 1 },
  w4a8: ROOT,
  w4a8g64: ROOT,
  w4a8g32: ROOT,
};
/** Most that perplexity may rise, per cent. */
const FLOORS: Readonly<Record<LanguageBits, number>> = {
  w8a8: 1,
  w4a8: 14,
  w4a8g64: 13.5,
  w4a8g32: 10.5,
};

Deno.test({
  name: "stories260K: the file that ships, and what integers cost",
  ignore,
  fn: async () => {
    const { ids }: { ids: number[][] } = readJson("golden/llama2c/windows.json");
    const windows = ids.map((window) => window.slice(1));
    const checkpoint = await openTextCheckpoint(MODEL);
    const ranges = await calibrateTextModel(checkpoint, windows.slice(0, 64));
    for (const [bits, down] of Object.entries(SHRINKING) as [LanguageBits, Shrinking][]) {
      const smoothing = { norms: ROOT, down };
      const params = parametersOfRanges(checkpoint, ranges, windows.slice(0, 64), smoothing);
      const program = compileIntegerText(checkpoint, params, { bits });
      const rest = windows.slice(64);
      const { loss, floatLoss, divergence } = await compareIntegerText(
        checkpoint,
        program,
        [1],
        rest,
      );
      const excess = 100 * Math.expm1(loss - floatLoss);
      console.log(`${bits}: perplexity +${excess.toFixed(2)} %, KL ${divergence.toFixed(4)}`);
      assert.ok(excess < FLOORS[bits], bits);
      if (bits !== "w8a8") continue;
      const file = await encodeProgram(program);
      if (Deno.env.get("FEWBIT_WRITE") !== undefined) await Deno.writeFile(SHIPPED, file);
      assert.deepEqual(await Deno.readFile(SHIPPED), file);
    }
    using lm = await TextGenerator.fromPretrained(SHIPPED);
    const text = await lm.complete("Once upon a time", { temperature: 0, maxTokens: 12 });
    assert.equal(text, ", there was a little girl named Lily. She");
  },
});
