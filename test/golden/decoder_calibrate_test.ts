/**
 * Calibration of Llamas on the float engine against the oracle's, which is float64: scales within 10^-4,
 * divisors within 2·10^-4, codes of 0 and of the prefix within 1. `FEWBIT_CALIBRATE=1` calibrates SmolLM2, too, which takes minutes.
 */
import assert from "node:assert/strict";
import { openTextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import { buildLlama } from "../../src/models/llama.ts";
import { llamaConfig } from "../../src/models/llama_config.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { gridsOfRanges, ROOT } from "../../src/quantize/decoder_calibrate.ts";
import type { Smoothing } from "../../src/quantize/decoder_calibrate.ts";
import type { DecoderGrids } from "../../src/quantize/decoder_grids.ts";
import { rangesOfLlama } from "../../src/quantize/decoder_ranges.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { modelFolder } from "../../tools/fetch_model.ts";
import { smollm2Grids, storiesGolden, storiesGrids } from "./_llama_grids.ts";
import { absent, readJson, SHARED } from "./_shared.ts";

const STORIES = `${SHARED}/data/stories260K/stories260K.bin`;
const SMOLLM2 = `${modelFolder("smollm2")}/SmolLM2-135M-Instruct.Q4_1.gguf`;

async function calibrated(
  model: string,
  prefix: number[],
  windows: number[][],
  smoothing: Smoothing,
): Promise<DecoderGrids> {
  const { weights, config: json } = await openTextCheckpoint(model);
  const config = llamaConfig(json);
  const ranges = await rangesOfLlama(buildLlama(config, weights), {
    prefix,
    windows,
    load: async (program, symbols) => await loadWasm(await encodeProgram(program), { symbols }),
  });
  return gridsOfRanges(config, ranges, smoothing);
}

/** Compares grids; gives the largest relative difference of a scale. */
function compare(own: DecoderGrids, oracle: DecoderGrids): number {
  assert.deepEqual([...own.grids.keys()].sort(), [...oracle.grids.keys()].sort());
  let most = 0;
  const near = (
    a: ArrayLike<number>,
    b: ArrayLike<number>,
    what: string,
    within = 1e-4,
  ): void => {
    assert.equal(a.length, b.length, what);
    for (let i = 0; i < a.length; i++) {
      const relative = Math.abs(a[i] / b[i] - 1);
      assert.ok(relative < within, `${what}[${i}]: ${a[i]}, expected ${b[i]}`);
      most = Math.max(most, relative);
    }
  };
  const codes = (a: ArrayLike<number>, b: ArrayLike<number>, what: string, within = 1): void => {
    assert.equal(a.length, b.length, what);
    for (let i = 0; i < a.length; i++) {
      assert.ok(Math.abs(a[i] - b[i]) <= within, `${what}[${i}]: ${a[i]}, expected ${b[i]}`);
    }
  };
  for (const [site, { scales, zeros, divisors }] of oracle.grids) {
    const grid = own.grids.get(site)!;
    near(grid.scales, scales, site);
    codes(grid.zeros, zeros, `zeros of ${site}`);
    // One channel of SmolLM2's 80,640 is 1.004·10^-4 off.
    if (divisors !== undefined) near(grid.divisors!, divisors, `divisors of ${site}`, 2e-4);
  }
  assert.equal(own.residualBits, oracle.residualBits);
  for (const [site, rows] of oracle.prefix.rows) codes(own.prefix.rows.get(site)!, rows, site);
  codes(own.prefix.logits.slice(0, 16), oracle.prefix.logits.slice(0, 16), "logits", 8);
  return most;
}

Deno.test({
  name: "stories260K: calibration has the oracle's scales, to 1e-4",
  ignore: absent(STORIES, `${SHARED}/golden/llama-int`),
  fn: async () => {
    const { ids }: { ids: number[][] } = readJson("golden/llama2c/windows.json");
    const windows = ids.slice(0, 64).map((window) => window.slice(1));
    for (const [bits, down] of [["w8a8", 1], ["w4a8", 0.5]] as const) {
      const own = await calibrated(STORIES, [1], windows, {
        norms: ROOT,
        down: { quantile: 0.5, power: down },
      });
      const most = compare(own, storiesGrids(storiesGolden(bits)));
      console.log(`${bits}: scales differ by ${most.toExponential(1)} at most`);
    }
  },
});

Deno.test({
  name: "SmolLM2: calibration has the oracle's scales, to 1e-4",
  ignore: Deno.env.get("FEWBIT_CALIBRATE") === undefined || absent(SMOLLM2),
  fn: async () => {
    const golden = readJson("golden/llama-int/smollm2-w8a8.json");
    const { tokenizer, tokenizerConfig } = await openTextCheckpoint(SMOLLM2);
    const text = Deno.readTextFileSync(`${SHARED}/data/wikitext-2-raw/wiki.test.raw`);
    const { ids } = Tokenizer.fromJson(tokenizer, tokenizerConfig)
      .encode(text, { addSpecialTokens: false });
    const windows = golden.calibration.windows.map((at: number) => [...ids.slice(at, at + 511)]);
    const own = await calibrated(SMOLLM2, [0], windows, { norms: ROOT, down: ROOT });
    const most = compare(own, smollm2Grids(golden));
    console.log(`scales differ by ${most.toExponential(1)} at most`);
  },
});
