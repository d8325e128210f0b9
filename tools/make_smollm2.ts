/**
 * Makes the parameters of SmolLM2's integers in `models/`, from the first 43 % of WikiText-2's test text:
 *
 *     deno run -A tools/make_smollm2.ts wiki.test.raw w8a8
 *     deno run -A tools/make_smollm2.ts wiki.test.raw w4a8g64
 *
 * It takes minutes. `test/golden/smollm2_params_test.ts` makes the models of them again.
 */
import { openTextCheckpoint } from "../src/checkpoints/text_checkpoint.ts";
import {
  calibrateTextModel,
  compileIntegerText,
  parametersOfRanges,
  roundIntegerText,
} from "../src/compile/integer_text.ts";
import { sha256 } from "../src/files/sha256.ts";
import { encodeProgram } from "../src/program/encode.ts";
import { NO_SHRINKING } from "../src/quantize/decoder_calibrate.ts";
import { writeDecoderParams } from "../src/quantize/decoder_params.ts";
import type { RoundedWeight } from "../src/quantize/rounded_weights.ts";
import { Tokenizer } from "../src/text/tokenizer.ts";
import { modelFolder } from "./fetch_model.ts";

/** Ids of a window behind the prefix, from one window to the next, and windows. */
const [LENGTH, APART, CALIBRATION, ROUNDING] = [511, 4096, 32, 16];
const WINDOWS = "smollm2.windows.json";
const models = new URL("../models/", import.meta.url);

const [path, bits] = Deno.args;
if (bits !== "w8a8" && bits !== "w4a8g64") throw new Error("Expected a text, and w8a8 or w4a8g64");
const folder = modelFolder("smollm2");
const checkpoint = await openTextCheckpoint(`${folder}/SmolLM2-135M-Instruct.Q4_1.gguf`);
const { ids } = Tokenizer.fromJson(checkpoint.tokenizer!, checkpoint.tokenizerConfig)
  .encode(await Deno.readTextFile(path), { addSpecialTokens: false });
const windows = Array.from(
  { length: CALIBRATION },
  (_, w) => Array.from(ids.slice(w * APART, w * APART + LENGTH)),
);
const ranges = await calibrateTextModel(checkpoint, windows, {
  prefix: [0],
  rotate: true,
  onProgress: (done) => console.error(`${done} windows`),
});
const rounding = bits === "w8a8"
  ? []
  : windows.filter((_, w) => w % (CALIBRATION / ROUNDING) === 0);
const params = parametersOfRanges(checkpoint, ranges, rounding, {
  norms: NO_SHRINKING,
  down: { quantile: 0.9, power: 1 },
});
const rounded = new Map<string, RoundedWeight>();
if (bits !== "w8a8") {
  for await (const block of roundIntegerText(checkpoint, params, { bits })) {
    for (const [name, weight] of block) rounded.set(name, weight);
    console.error(`${rounded.size} layers`);
  }
}
const chosen = new Map([...rounded].map(([name, { ranges }]) => [name, ranges]));
const text = bits === "w8a8"
  ? writeDecoderParams(params)
  : writeDecoderParams({ ...params, ranges: chosen }, WINDOWS);
await Deno.writeTextFile(new URL(`smollm2-${bits}.params.json`, models), text);
if (bits !== "w8a8") await Deno.writeTextFile(new URL(WINDOWS, models), JSON.stringify(rounding));
const file = await encodeProgram(compileIntegerText(checkpoint, params, { bits, rounded }));
console.log(
  `${bits}: ${text.length} bytes of parameters, sha256 of the model ${await sha256(file)}`,
);
