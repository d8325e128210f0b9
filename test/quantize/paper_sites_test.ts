/** `--sites paper`: codes of 8 bits where the paper has them, beside its quantiser written down here. */
import assert from "node:assert/strict";
import {
  calibrateTextModel,
  compareIntegerText,
  compileIntegerText,
  parametersOfRanges,
} from "../../src/compile/integer_text.ts";
import { learnIntegerText } from "../../src/compile/end_to_end/learn_text.ts";
import { loadReference } from "../../src/engines/reference/mod.ts";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import { compile } from "../../src/lower/compile.ts";
import { lazyWeights } from "../../src/models/language_weights.ts";
import { llamaConfig } from "../../src/models/llama_config.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { readDecoderParams, writeDecoderParams } from "../../src/quantize/decoder_params.ts";
import { quantizeLlama } from "../../src/quantize/mobile_quant.ts";
import { Random } from "../conformance/_random.ts";
import { configOf, weightsOf } from "../models/_llama.ts";

const SIZES = {
  vocabulary: 61,
  depth: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 6,
  hidden: 70,
  width: 40,
  tied: true,
  context: 48,
} as const;
const CHECKPOINT = { weights: lazyWeights(weightsOf(SIZES, 5)), config: configOf(SIZES) };
const random = new Random(3);
const windowsOf = (count: number): number[][] =>
  Array.from({ length: count }, () => Array.from({ length: 30 }, () => random.integer(0, 60)));
const RANGES = await calibrateTextModel(CHECKPOINT, windowsOf(4), { prefix: [1] });
const { grids } = parametersOfRanges(CHECKPOINT, RANGES, [], undefined, { sites: "paper" });

/** The paper's quantiser: unsigned codes of 8 bits of a range that holds 0. */
function quantised(x: number, low: number, high: number): number {
  const scale = (Math.max(0, high) - Math.min(0, low)) / 255;
  const offset = Math.round(-Math.min(0, low) / scale);
  const code = Math.max(0, Math.min(255, Math.round(x / scale) + offset));
  return (code - offset) * scale;
}

Deno.test("the paper's sites: codes of 8 bits, and SwiGLU as its three quantisers make it", async () => {
  const { graph, taps } = quantizeLlama(llamaConfig(CHECKPOINT.config), CHECKPOINT.weights, grids, {
    bits: "w8a8",
  });
  const names = ["q_output", "k_output", "up_output", "q16", "k16", "up", "gate", "down"];
  for (const name of names) graph.output(`tap.${name}`, taps.get(`layers.1.${name}`)!, "main");
  const file = await encodeProgram(compile(graph));
  let first: unknown;
  for (const load of [loadReference, loadWasm]) {
    using instance = await load(file, { symbols: { max_tokens: 20, max_rows: 1, context: 48 } });
    const results = instance.runSync({
      ids: Int32Array.from({ length: 20 }, (_, i) => i * 7 % 61),
      offsets: Int32Array.of(0, 20),
      slot: Int32Array.of(0),
      past: Int32Array.of(1),
      rows: Int32Array.of(0),
    });
    const codes = Object.fromEntries(
      names.map((name) => [name, Array.from(results[`tap.${name}`].data as Int16Array)]),
    );
    assert.deepEqual(codes, first ??= codes);
    const of = (site: string) => grids.grids.get(`layers.1.${site}`)!;
    const { heads, headSize, hidden } = SIZES;
    const divisors = of("down").divisors!;
    // The range of up as it is divided.
    const { low: least, high: most } = RANGES.channels.get("layers.1.up")!;
    const ends = [least, most].map((x) => x.map((value, c) => value / divisors[c]));
    const span = Math.max(...ends[1]) - Math.min(...ends[0]);
    assert.ok(Math.abs(of("up_output").scales[0] / (span / 255) - 1) < 1e-6);
    // What the engine goes on with stands for the same numbers.
    const [query, key] = [of("q").scales[0] / 128 / of("k").scales[0], of("k").scales[0] / 128];
    for (
      const [coarse, fine, unit] of [
        ["q_output", "q16", query],
        ["k_output", "k16", key],
        ["up_output", "up", of("up").scales[0]],
      ] as const
    ) {
      const grid = of(coarse);
      assert.ok(new Set(codes[coarse]).size > 50);
      codes[coarse].forEach((code, i) => {
        const real = (code - grid.zeros[0]) * grid.scales[0];
        assert.ok(Math.abs(codes[fine][i] * unit - real) < 1.01 * unit, `${coarse} ${i}`);
      });
    }
    assert.equal(codes.q_output.length, 20 * heads * headSize);
    assert.ok(codes.gate.every((code) => code >= -128 && code <= 127));
    const gates = codes.gate.map((code) => (code - of("gate").zeros[0]) * of("gate").scales[0]);
    const every = Array.from(
      { length: 256 },
      (_, i) => (i - 128 - of("gate").zeros[0]) * of("gate").scales[0],
    ).map((x) => x * quantised(1 / (1 + Math.exp(-x)), 0, 1));
    const [low, high] = [Math.min(...every), Math.max(...every)];
    codes.down.forEach((code, i) => {
      const x = gates[i];
      const silu = quantised(x * quantised(1 / (1 + Math.exp(-x)), 0, 1), low, high);
      const up = codes.up[i] * of("up").scales[0];
      const exact = silu * up / of("down").scales[0] + of("down").zeros[0];
      const limited = Math.max(-128, Math.min(127, exact));
      assert.ok(Math.abs(code - limited) < 0.53, `${code} for ${exact} of ${divisors[i % hidden]}`);
    });
  }
});

Deno.test("the paper's sites are near the float network, and have files of parameters", async () => {
  const windows = windowsOf(3);
  const cost = async (own: typeof grids): Promise<number> => {
    const program = compileIntegerText(CHECKPOINT, { grids: own, windows: [] }, { bits: "w8a8" });
    return (await compareIntegerText(CHECKPOINT, program, [1], windows)).divergence;
  };
  const plain = parametersOfRanges(CHECKPOINT, RANGES, []).grids;
  const [paper, own] = [await cost(grids), await cost(plain)];
  // Random weights have no outliers, which are what one range a tensor is bad at.
  assert.ok(paper !== own && paper < 3 * own && paper > own / 3, `${paper} beside ${own}`);
  const text = writeDecoderParams({ grids, windows: [] });
  const read = readDecoderParams(text);
  assert.equal(writeDecoderParams(read), text);
  assert.equal(await cost(read.grids), paper);
  // One site fewer is no set of sites.
  const fewer = new Map(grids.grids);
  fewer.delete("layers.1.silu");
  await assert.rejects(cost({ ...grids, grids: fewer }), { message: /have no "layers\.1\.silu"/ });
  await assert.rejects(
    learnIntegerText(CHECKPOINT, { grids, windows: [] }, {
      bits: "w8a8",
      windows,
      validation: windows,
    }),
    { code: "unsupported", message: /paper's sites/ },
  );
});
