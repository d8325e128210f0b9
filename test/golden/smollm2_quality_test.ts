/**
 * What integers cost SmolLM2, with a calibration of one's own: perplexity and KL beside float32 on evaluation
 * windows. Minutes a setting, so it is asked for: `FEWBIT_QUALITY=w8a8,w4a8g64`, with `FEWBIT_WINDOWS` (8)
 * windows and `FEWBIT_CALIBRATION` (32) to calibrate on.
 */
import assert from "node:assert/strict";
import { openTextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import {
  calibrateTextModel,
  compareIntegerText,
  compileIntegerText,
  parametersOfRanges,
  roundIntegerText,
} from "../../src/compile/integer_text.ts";
import { FEW, NO_SHRINKING, ROOT } from "../../src/quantize/decoder_calibrate.ts";
import type { Smoothing } from "../../src/quantize/decoder_calibrate.ts";
import type { RoundedWeight } from "../../src/quantize/rounded_weights.ts";
import type { LanguageBits } from "../../src/quantize/shifted_weights.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { modelFolder } from "../../tools/fetch_model.ts";
import { absent, readJson, SHARED } from "./_shared.ts";

const MODEL = `${modelFolder("smollm2")}/SmolLM2-135M-Instruct.Q4_1.gguf`;
const SETTINGS = (Deno.env.get("FEWBIT_QUALITY") ?? "").split(",").filter((name) => name !== "");
const WINDOWS = Number(Deno.env.get("FEWBIT_WINDOWS") ?? 8);
const CALIBRATION = Number(Deno.env.get("FEWBIT_CALIBRATION") ?? 32);

interface Setting {
  readonly bits: LanguageBits;
  readonly rotate: boolean;
  readonly smoothing: Smoothing;
  /** Bits of what down reads. Default: 8. */
  readonly down?: 12;
  /** Weights are rounded by GPTQ, on every so manieth of the windows. Default: to the nearest code. */
  readonly gptq?: number;
  /** Most of KL, in nats a token. */
  readonly floor: number;
}

const SHRINK = { norms: NO_SHRINKING, down: { quantile: 0.9, power: 1 } };
const FINE = { norms: NO_SHRINKING, down: ROOT };
const SMOOTH = { norms: ROOT, down: ROOT };
/** Of 4 bits a row the columns of `down` grow less. */
const LESS = { norms: NO_SHRINKING, down: FEW };
const NAMED: Readonly<Record<string, Setting>> = {
  "w8a8": { bits: "w8a8", rotate: true, smoothing: SHRINK, floor: 0.033 },
  "w8a8-fine": { bits: "w8a8", rotate: true, smoothing: FINE, down: 12, floor: 0.022 },
  "w8a8-plain": { bits: "w8a8", rotate: false, smoothing: SMOOTH, floor: 0.045 },
  "w4a8g64": { bits: "w4a8g64", rotate: true, smoothing: SHRINK, gptq: 2, floor: 0.145 },
  "w4a8g64-nearest": { bits: "w4a8g64", rotate: false, smoothing: SMOOTH, floor: 0.3 },
  "w4a8": { bits: "w4a8", rotate: false, smoothing: LESS, gptq: 1, floor: 0.27 },
  "w4a8-rotated": { bits: "w4a8", rotate: true, smoothing: LESS, gptq: 2, floor: 0.31 },
};

for (const name of SETTINGS) {
  Deno.test({
    name: `SmolLM2 ${name}: what integers cost`,
    ignore: absent(MODEL),
    fn: async () => {
      const { bits, rotate, smoothing, down, gptq, floor } = NAMED[name];
      const checkpoint = await openTextCheckpoint(MODEL);
      const { tokenizer, tokenizerConfig } = checkpoint;
      const text = Deno.readTextFileSync(`${SHARED}/data/wikitext-2-raw/wiki.test.raw`);
      const { ids } = Tokenizer.fromJson(tokenizer, tokenizerConfig)
        .encode(text, { addSpecialTokens: false });
      const { calibration, evaluation, length } = readJson("golden/smollm2/smollm2.json").windows;
      const pick = (all: number[], count: number) =>
        all.filter((_, i) => i % Math.floor(all.length / count) === 0).slice(0, count);
      const windows = pick(calibration, CALIBRATION)
        .map((at) => Array.from(ids.slice(at, at + length - 1)));
      const ranges = await calibrateTextModel(checkpoint, windows, { prefix: [0], rotate });
      const read = windows.filter((_, w) => w % (gptq ?? 1) === 0);
      const params = parametersOfRanges(checkpoint, ranges, read, smoothing, {
        ...down && { down },
      });
      const rounded = new Map<string, RoundedWeight>();
      if (gptq !== undefined && bits !== "w8a8") {
        for await (const block of roundIntegerText(checkpoint, params, { bits })) {
          for (const [layer, weight] of block) rounded.set(layer, weight);
        }
      }
      const program = compileIntegerText(checkpoint, params, { bits, rounded });
      const measured = pick(evaluation, WINDOWS).map((at) => ids.slice(at, at + length));
      const start = performance.now();
      const result = await compareIntegerText(checkpoint, program, [0], measured);
      const { loss, floatLoss, divergence, tokens } = result;
      const seconds = (performance.now() - start) / 1000;
      console.log(
        `${name}: perplexity ${Math.exp(loss).toFixed(3)}, float ${
          Math.exp(floatLoss).toFixed(3)
        }, ` +
          `+${(100 * Math.expm1(loss - floatLoss)).toFixed(2)} %, KL ${divergence.toFixed(4)}, ` +
          `${tokens} tokens of ${WINDOWS} windows, calibrated on ${CALIBRATION}, ${
            seconds.toFixed(0)
          } s`,
      );
      assert.ok(divergence < floor);
    },
  });
}
