/**
 * The paper's block-wise LET + LWC (MobileQuant, Tan et al., 2024) on the first blocks of SmolLM2-135M-Instruct:
 *
 *     deno run -A bench/smollm2/block_wise.ts w4a8 --blocks 8 --file blocks-w4a8.json
 *
 * Each block is learned by the error of its output, and the file written behind it: a run that is stopped goes on from
 * there. `blocks_quality.ts` measures what they cost.
 */
import { parseArgs } from "node:util";
import { LearningStages } from "../../src/training/quantization/learning_stages.ts";
import { SmollmBlocks } from "./smollm_blocks.ts";

const { values, positionals: [bits] } = parseArgs({
  allowPositionals: true,
  options: {
    blocks: { type: "string", default: "8" },
    windows: { type: "string", default: "12" },
    epochs: { type: "string", default: "8" },
    let: { type: "string", default: "0.01" },
    lwc: { type: "string", default: "0.05" },
    file: { type: "string" },
  },
});
if (bits !== "w4a8" && bits !== "w8a8" || values.file === undefined) {
  throw new Error("Expected w4a8 or w8a8, and --file");
}
const file = values.file;
const [depth, count, epochs] = [values.blocks, values.windows, values.epochs].map(Number);
const blocks = await SmollmBlocks.open(depth);
let start = performance.now();
const model = await blocks.smoothed(bits);
console.log(`calibrated, SmoothQuant-Edge: ${seconds()} s, ${megabytes()} MB`);
const from = await blocks.read(model, file);
const stages = new LearningStages(model, blocks.learned(count));
await stages.learnBlocks({
  rates: { let: Number(values.let), lwc: Number(values.lwc) },
  epochs,
  layers: { from, to: depth },
  onBlock: async ({ layer, before, after }) => {
    await Deno.writeTextFile(file, blocks.write(model, layer + 1));
    console.log(
      `block ${layer}: error ${before.toPrecision(4)} to ${after.toPrecision(4)}, ` +
        `${seconds()} s, ${megabytes()} MB`,
    );
    start = performance.now();
  },
});

function seconds(): string {
  return ((performance.now() - start) / 1000).toFixed(0);
}

function megabytes(): string {
  return (Deno.memoryUsage().rss / 1e6).toFixed(0);
}
