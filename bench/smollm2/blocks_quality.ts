/**
 * What integers in the first blocks of SmolLM2-135M-Instruct cost, the others in float32:
 *
 *     deno run -A bench/smollm2/blocks_quality.ts w4a8 --blocks 8 --file blocks-w4a8.json
 *
 * The integer engine runs the blocks; the float engine goes on from their residual. Side by side: the nearest codes,
 * SmoothQuant-Edge, what `block_wise.ts` left in the file, the closed form, and, of `w4a8`, what ships: learned end to end.
 */
import { cpuUsage } from "node:process";
import { parseArgs } from "node:util";
import {
  calibrateTextModel,
  parametersOfRanges,
  roundIntegerText,
  smoothQuantText,
} from "../../src/compile/integer_text.ts";
import type { TextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import { compareLogits } from "../../src/quantize/compare_logits.ts";
import { FEW, NO_SHRINKING } from "../../src/quantize/decoder_calibrate.ts";
import type { DecoderParams } from "../../src/quantize/decoder_params.ts";
import { readDecoderParams } from "../../src/quantize/decoder_params.ts";
import type { RoundedWeight } from "../../src/quantize/rounded_weights.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { readSharedJson, sharedPath } from "../shared.ts";
import { CostTable, spread } from "./cost_table.ts";
import { floatFront, FloatRest, integerFront } from "./residuals.ts";
import type { Front } from "./residuals.ts";
import { deployed, PREFIX, SmollmBlocks } from "./smollm_blocks.ts";

/** Ids of windows that calibrate, from one to the next, and how many; of those that evaluate. */
const [CALIBRATED, APART, CALIBRATION, LENGTH] = [511, 4096, 32, 512];
const NONE = { norms: NO_SHRINKING, down: NO_SHRINKING };

const { values, positionals: [bits] } = parseArgs({
  allowPositionals: true,
  options: {
    blocks: { type: "string", default: "8" },
    windows: { type: "string", default: "12" },
    foreign: { type: "string", default: "6" },
    file: { type: "string" },
  },
});
if (bits !== "w4a8" && bits !== "w8a8" || values.file === undefined) {
  throw new Error("Expected w4a8 or w8a8, and --file");
}
const depth = Number(values.blocks);
let start = cpuUsage();
const blocks = await SmollmBlocks.open(depth);
const { cut, ids } = blocks;
const windows = Array.from(
  { length: CALIBRATION },
  (_, w) => Array.from(ids.slice(w * APART, w * APART + CALIBRATED)),
);
start = cpuUsage();
const calibrate = (checkpoint: TextCheckpoint, rotate = false) =>
  calibrateTextModel(checkpoint, windows, { prefix: PREFIX, rotate });
const ranges = await calibrate(cut);
report("calibration");
const fronts = new Map<string, Front>();
const nearest = async (name: string, checkpoint: TextCheckpoint, params: DecoderParams) =>
  fronts.set(name, await integerFront(checkpoint, params, { bits }));
await nearest("nearest codes", cut, parametersOfRanges(cut, ranges, [], NONE));
await nearest(
  "SmoothQuant-Edge",
  cut,
  parametersOfRanges(cut, ranges, [], smoothQuantText(cut, ranges)),
);
const model = await blocks.smoothed(bits);
const done = await blocks.read(model, values.file);
if (done < depth) throw new Error(`Expected ${depth} blocks that were learned, got ${done}`);
const learned = await deployed(cut, model);
await nearest(
  "block-wise LET + LWC",
  learned,
  parametersOfRanges(learned, await calibrate(learned), [], NONE),
);
if (bits === "w8a8") {
  const rotated = await calibrate(cut, true);
  const down = { quantile: 0.9, power: 1 };
  const params = parametersOfRanges(cut, rotated, [], { norms: NO_SHRINKING, down });
  await nearest("closed form", cut, params);
} else {
  const down = { norms: NO_SHRINKING, down: FEW };
  const rounded = async (params: DecoderParams): Promise<Front> => {
    const rounded = new Map<string, RoundedWeight>();
    for await (const block of roundIntegerText(cut, params, { bits })) {
      for (const [name, weight] of block) rounded.set(name, weight);
    }
    report("GPTQ");
    return await integerFront(cut, params, { bits, rounded });
  };
  start = cpuUsage();
  const params = parametersOfRanges(cut, ranges, windows, down);
  report("closed form");
  fronts.set("closed form", await rounded(params));
  fronts.set("end to end", await rounded(await shipped()));
}
using rest = await FloatRest.of(blocks.whole, depth, fronts.size + 1);
const float = await floatFront(cut);
const { windows: golden } = readSharedJson<{ windows: { evaluation: number[] } }>(
  "golden/smollm2/smollm2.json",
);
measure("WikiText-2", spread(golden.evaluation, Number(values.windows)), ids);
const { tokenizer, tokenizerConfig } = blocks.whole;
const foreign = Int32Array.from(
  Tokenizer.fromJson(tokenizer!, tokenizerConfig)
    .encode(
      await Deno.readTextFile(sharedPath("data/tinyshakespeare/input.txt")),
      { addSpecialTokens: false },
    ).ids,
);
const places = Array.from(
  { length: Math.floor(foreign.length / LENGTH) },
  (_, w) => w * LENGTH,
);
measure("tiny-shakespeare", spread(places, Number(values.foreign)), foreign);

/** What a stage took of the CPU, whatever runs beside it, and the process of memory. */
function report(stage: string): void {
  const { user, system } = cpuUsage(start);
  const seconds = ((user + system) / 1e6).toFixed(1);
  console.log(`${stage}: ${seconds} s of CPU, ${(Deno.memoryUsage().rss / 1e6).toFixed(0)} MB`);
  start = cpuUsage();
}

/** Perplexity and KL of all on windows of a text. */
function measure(text: string, at: readonly number[], ids: Int32Array): void {
  const own = at.map((place) => ids.slice(place, place + LENGTH));
  const table = new CostTable([...fronts.keys()], own.length);
  console.log(`${text}, ${depth} blocks, ${bits}`);
  compareLogits(
    rest.logitsOf(float, 0, own),
    [...fronts.values()].map((front, i) => rest.logitsOf(front, i + 1, own)),
    own,
    (_, costs) => {
      table.add(costs);
      table.print();
    },
  );
}

/** The parameters in `models/`, of the first blocks. */
async function shipped(): Promise<DecoderParams> {
  const folder = new URL("../../models/", import.meta.url);
  const text = await Deno.readTextFile(new URL("smollm2-w4a8.params.json", folder));
  const { grids, ranges, windowsFile } = readDecoderParams(text);
  const own = <T>(all: ReadonlyMap<string, T> | undefined): Map<string, T> =>
    new Map([...all ?? []].filter(([name]) => !(Number(/layers\.(\d+)/.exec(name)?.[1]) >= depth)));
  const { grids: sites, prefix, biases, rowFactors, gains, ...common } = grids;
  return {
    grids: {
      ...common,
      grids: own(sites),
      prefix: { ...prefix, rows: own(prefix.rows) },
      biases: own(biases),
      rowFactors: own(rowFactors),
      gains: own(gains),
    },
    windows: JSON.parse(await Deno.readTextFile(new URL(windowsFile!, folder))),
    ranges: own(ranges),
  };
}
