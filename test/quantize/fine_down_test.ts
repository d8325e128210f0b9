/** What down reads, in 12 bits: its codes and its sums beside the real numbers that they stand for. */
import assert from "node:assert/strict";
import { calibrateTextModel, parametersOfRanges } from "../../src/compile/integer_text.ts";
import { loadReference } from "../../src/engines/reference/mod.ts";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import { compile } from "../../src/lower/compile.ts";
import { lazyWeights } from "../../src/models/language_weights.ts";
import { llamaConfig } from "../../src/models/llama_config.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { readDecoderParams, writeDecoderParams } from "../../src/quantize/decoder_params.ts";
import { quantizeLlama } from "../../src/quantize/mobile_quant.ts";
import {
  digitsOfZero,
  largestInputOf,
  quantizeShifted,
} from "../../src/quantize/shifted_weights.ts";
import { multiplyColumns } from "../../src/quantize/smooth.ts";
import { Random } from "../conformance/_random.ts";
import { configOf, weightsOf } from "../models/_llama.ts";

const SIZES = {
  vocabulary: 61,
  depth: 1,
  heads: 4,
  kvHeads: 2,
  headSize: 6,
  hidden: 70,
  width: 40,
  tied: true,
  context: 48,
} as const;
const WEIGHTS = lazyWeights(weightsOf(SIZES, 5));
const CONFIG = configOf(SIZES);
const random = new Random(3);
const WINDOWS = Array.from(
  { length: 4 },
  () => Array.from({ length: 30 }, () => random.integer(0, 60)),
);
const RANGES = await calibrateTextModel({ weights: WEIGHTS, config: CONFIG }, WINDOWS, {
  prefix: [1],
});
const silu = (x: number): number => x / (1 + Math.exp(-x));
const { grids } = parametersOfRanges({ config: CONFIG }, RANGES, [], undefined, { down: 12 });

for (const bits of ["w8a8", "w4a8", "w4a8g32"] as const) {
  Deno.test(`a down of 12 bits, ${bits}: codes and sums are those of the real numbers`, async () => {
    const { graph, taps } = quantizeLlama(llamaConfig(CONFIG), WEIGHTS, grids, { bits });
    const NAMES = ["residual", "", "gate", "up", "down"];
    for (const name of NAMES) {
      graph.output(`tap.${name}`, taps.get(`layers.0${name && `.${name}`}`)!, "main");
    }
    const file = await encodeProgram(compile(graph));
    const ids = Int32Array.from({ length: 20 }, () => random.integer(0, 60));
    let first: unknown;
    for (const load of [loadReference, loadWasm]) {
      using instance = await load(file, { symbols: { max_tokens: 20, max_rows: 1, context: 48 } });
      const results = instance.runSync({
        ids,
        offsets: Int32Array.of(0, ids.length),
        slot: Int32Array.of(0),
        past: Int32Array.of(1),
        rows: Int32Array.of(0),
      });
      const [before, after, gate, up, down] = NAMES.map((name) => results[`tap.${name}`].data);
      assert.deepEqual([before, after, down], first ??= [before, after, down]);
      const of = (site: string) => grids.grids.get(`layers.0.${site}`)!;
      const [scale, zero] = [of("down").scales[0], of("down").zeros[0]];
      // Finer than 8 bits, and on both sides of their codes.
      assert.ok(
        down instanceof Int16Array && down.some((x) => x < -128) && down.some((x) => x > 127),
      );
      down.forEach((code, i) => {
        const x = (gate[i] as number - of("gate").zeros[0]) * of("gate").scales[0];
        const factor = (up[i] as number) * of("up").scales[0] / scale;
        const exact = Math.max(-2048, Math.min(2047, silu(x) * factor + zero));
        // Half a code, and half a step of a table that has 15 to 16 bits.
        const step = silu((2047 - of("gate").zeros[0]) * of("gate").scales[0]) / 2 ** 14;
        assert.ok(
          Math.abs(code - exact) < 0.51 + step / 2 * Math.abs(factor),
          `${code} for ${exact}`,
        );
      });
      const { width, hidden } = SIZES;
      const name = "layers.0.mlp.down_proj";
      const real = WEIGHTS.get(`model.${name}.weight`)!.read();
      const rows = multiplyColumns(real, of("down").divisors!).data as Float32Array;
      const { codes, scales, zero: zeros, factor, group } = quantizeShifted(
        rows,
        width,
        bits,
        4095,
        name,
      );
      const groups = Math.ceil(hidden / group);
      const weight = (row: number, k: number): number => {
        const at = row * groups + Math.floor(k / group);
        return scales[row] * (factor?.[at] ?? 1) * (codes[row * hidden + k] - (zeros?.[at] ?? 0));
      };
      (after as Int32Array).forEach((sum, i) => {
        const [token, row] = [Math.floor(i / width), i % width];
        let arm = 0;
        for (let k = 0; k < hidden; k++) arm += (down[token * hidden + k] - zero) * weight(row, k);
        const exact = before[i] as number + arm * scale * 2 ** grids.residualBits;
        // Half a unit for each sum that is rounded, and what a multiplier of 31 bits is off by.
        assert.ok(Math.abs(sum - exact) < 1.01, `${sum} for ${exact}`);
      });
    }
  });
}

Deno.test("digits of a code of 0, and the largest input of each way to read them", () => {
  for (let zero = -2048; zero < 2048; zero++) {
    const [high, low] = digitsOfZero(zero);
    assert.ok(16 * high + low === zero && low >= -8 && low <= 7);
  }
  assert.equal(largestInputOf(-2048, 12, "w8a8"), 4095);
  assert.equal(largestInputOf(2047, 12, "w8a8"), 4095);
  // 127 − −128, and −128 − 128: what a zero of 2047 is, rounded.
  assert.equal(largestInputOf(-2048, 12, "w4a8"), 255);
  assert.equal(largestInputOf(2047, 12, "w4a8g64"), 256);
  assert.equal(largestInputOf(-28, 8, "w4a8"), 155);
});

Deno.test("files of parameters have the bits of down, and nothing else has 12", () => {
  const text = writeDecoderParams({ grids, windows: [] });
  const read = readDecoderParams(text);
  assert.equal(read.grids.grids.get("layers.0.down")!.bits, 12);
  assert.equal(read.grids.grids.get("layers.0.norm1")!.bits, undefined);
  assert.equal(writeDecoderParams(read), text);
  assert.throws(() => readDecoderParams(text.replace(`"bits":12`, `"bits":10`)), {
    code: "invalid_file",
    message: /bits of layers\.0\.down is "10", expected 8 or 12/,
  });
  const norm = grids.grids.get("layers.0.norm1")!;
  const wrong = new Map(grids.grids).set("layers.0.norm1", { ...norm, bits: 12 });
  assert.throws(
    () => quantizeLlama(llamaConfig(CONFIG), WEIGHTS, { ...grids, grids: wrong }, { bits: "w8a8" }),
    { code: "invalid_argument", message: /12 bits of layers\.0\.norm1/ },
  );
});
