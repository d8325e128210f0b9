/**
 * Makes the parameters of SmolLM2's integers in `models/`, from the first 43 % of WikiText-2's test text, or the file
 * of a baseline:
 *
 *     deno run -A tools/make_smollm2.ts wiki.test.raw w8a8
 *     deno run -A tools/make_smollm2.ts wiki.test.raw w4a8g64
 *     deno run -A tools/make_smollm2.ts wiki.test.raw w4a8
 *     deno run -A tools/make_smollm2.ts wiki.test.raw w4a8g64-fine closed-form --learn
 *     deno run -A tools/make_smollm2.ts wiki.test.raw w8a8 rtn rtn-w8a8.fewbit
 *     deno run -A tools/make_smollm2.ts wiki.test.raw w8a8 smoothquant-edge sqe-w8a8.fewbit
 *     deno run -A tools/make_smollm2.ts wiki.test.raw w4a8 closed-form --learn
 *
 * With `--learn` the closed form is learned on end to end, on 128 windows of 256 tokens. It takes minutes; learning takes
 * eight seconds of a core for each window. What ships was learned in two runs each (bench/SMOLLM2.md). `test/golden/smollm2_params_test.ts` makes the models of the parameters again.
 */
import { openTextCheckpoint } from "../src/checkpoints/text_checkpoint.ts";
import {
  calibrateTextModel,
  compileIntegerText,
  parametersOfRanges,
  roundIntegerText,
  smoothQuantText,
} from "../src/compile/integer_text.ts";
import { learnIntegerText } from "../src/compile/end_to_end/learn_text.ts";
import { sha256 } from "../src/files/sha256.ts";
import { encodeProgram } from "../src/program/encode.ts";
import { FEW, NO_SHRINKING, ROOT } from "../src/quantize/decoder_calibrate.ts";
import type { Shrinking } from "../src/quantize/decoder_calibrate.ts";
import type { DownBits } from "../src/quantize/decoder_grids.ts";
import { writeDecoderParams } from "../src/quantize/decoder_params.ts";
import type { RoundedWeight } from "../src/quantize/rounded_weights.ts";
import { Tokenizer } from "../src/text/tokenizer.ts";
import { modelFolder } from "./fetch_model.ts";

/** How the integers are made. */
interface Setting {
  readonly rotate: boolean;
  readonly down: Shrinking;
  /** Bits of what down reads. Default: 8. */
  readonly downBits?: DownBits;
  /** Windows that GPTQ reads. */
  readonly rounding: number;
  /** File of these windows, in `models/`. */
  readonly windows?: string;
  /** Whether the file of parameters is gzipped. */
  readonly packed?: boolean;
}

/** Ids of a window behind the prefix, from one window to the next, and windows. */
const [LENGTH, APART, CALIBRATION] = [511, 4096, 32];
/** Ids of a window that is learned from, windows, and where those that evaluate begin. */
const [LEARNED, STEPS, EVALUATION] = [256, 128, 163_840];
const MOST: Shrinking = { quantile: 0.9, power: 1 };
const SETTINGS: Readonly<Record<"w8a8" | "w4a8g64" | "w4a8g64-fine" | "w4a8", Setting>> = {
  w8a8: { rotate: true, down: ROOT, downBits: 12, rounding: 0 },
  w4a8g64: { rotate: true, down: MOST, rounding: 16, windows: "smollm2.windows.json" },
  // Slower by a fifth: of 4 bits down reads both digits with a product of its own.
  "w4a8g64-fine": {
    rotate: true,
    down: MOST,
    downBits: 12,
    rounding: 16,
    windows: "smollm2.windows.json",
    packed: true,
  },
  w4a8: { rotate: false, down: FEW, rounding: 32, windows: "smollm2-w4a8.windows.json" },
};
const models = new URL("../models/", import.meta.url);

const [path, name, method = "closed-form", output] = Deno.args.filter((arg) => arg !== "--learn");
const isLearned = Deno.args.includes("--learn");
if (name !== "w8a8" && name !== "w4a8g64" && name !== "w4a8g64-fine" && name !== "w4a8") {
  throw new Error("Expected a text, and w8a8, w4a8g64, w4a8g64-fine or w4a8");
}
const bits = name === "w4a8g64-fine" ? "w4a8g64" : name;
const isBaseline = method === "rtn" || method === "smoothquant-edge";
if (isBaseline !== (output !== undefined) || !(isBaseline || method === "closed-form")) {
  throw new Error("Expected closed-form, or rtn or smoothquant-edge and a file to write");
}
const { down, downBits, rounding, windows: windowsFile, ...setting } = SETTINGS[name];
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
  rotate: !isBaseline && setting.rotate,
  onProgress: (done) => console.error(`${done} windows`),
});
const read = windows.filter((_, w) => rounding > 0 && w % (CALIBRATION / rounding) === 0);
let params = parametersOfRanges(
  checkpoint,
  ranges,
  read,
  method === "smoothquant-edge"
    ? smoothQuantText(checkpoint, ranges)
    : { norms: NO_SHRINKING, down: method === "rtn" ? NO_SHRINKING : down },
  isBaseline || downBits === undefined ? {} : { down: downBits },
);
const rounded = new Map<string, RoundedWeight>();
if (!isBaseline && bits !== "w8a8") {
  for await (const block of roundIntegerText(checkpoint, params, { bits })) {
    for (const [name, weight] of block) rounded.set(name, weight);
    console.error(`${rounded.size} layers`);
  }
}
if (isLearned && !isBaseline) {
  const piecesAt = (from: number, to: number, count: number): number[][] =>
    Array.from({ length: count }, (_, w) => {
      const at = from + w * Math.floor((to - from) / count);
      return Array.from(ids.slice(at, at + LEARNED));
    });
  const learned = await learnIntegerText(checkpoint, params, {
    bits,
    ...rounded.size > 0 && { rounded },
    windows: piecesAt(EVALUATION / 10, EVALUATION - LEARNED, STEPS),
    // Between the windows that calibrate.
    validation: [512, 4608, 8704, 12_800].map((at) => Array.from(ids.slice(at, at + LEARNED))),
    onProgress: ({ part, done, of, validation }) =>
      console.error(`${part} ${done} of ${of}, validation ${validation?.toFixed(4) ?? ""}`),
  });
  console.error(`KL ${learned.before.toFixed(4)} to ${learned.after.toFixed(4)}`);
  params = learned.params;
}
const file = await encodeProgram(compileIntegerText(checkpoint, params, { bits, rounded }));
if (output !== undefined) {
  await Deno.writeFile(output, file);
} else {
  const chosen = new Map([...rounded].map(([name, { ranges }]) => [name, ranges]));
  const text = windowsFile === undefined
    ? writeDecoderParams(params)
    : writeDecoderParams({ ...params, ranges: chosen }, windowsFile);
  const paramsFile = `smollm2-${name}.params.json`;
  if (setting.packed) {
    const packed = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
    await Deno.writeFile(new URL(`${paramsFile}.gz`, models), packed);
  } else await Deno.writeTextFile(new URL(paramsFile, models), text);
  if (windowsFile !== undefined) {
    await Deno.writeTextFile(new URL(windowsFile, models), JSON.stringify(read));
  }
  console.log(`${text.length} bytes of parameters`);
}
console.log(`${name}, ${method}: sha256 of the model ${await sha256(file)}`);
