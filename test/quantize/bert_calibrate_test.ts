/** Calibration of a small BERT: two passes, and divisors as SmoothQuant defines them. */
import assert from "node:assert/strict";
import { loadReference } from "../../src/engines/reference/mod.ts";
import { loadWasm } from "../../src/engines/wasm/mod.ts";
import { compile } from "../../src/lower/compile.ts";
import { bertConfig } from "../../src/models/bert_config.ts";
import { buildBert, ENCODE } from "../../src/models/bert.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { calibrateBert } from "../../src/quantize/bert_calibrate.ts";
import type { CalibrateBertOptions } from "../../src/quantize/bert_calibrate.ts";
import { quantizeBert, smoothedSites } from "../../src/quantize/bert.ts";
import { attemptAsync } from "../_attempt.ts";
import { Random } from "../conformance/_random.ts";
import { tinyBert, VOCABULARY, WIDTH } from "../pipelines/_tiny_bert.ts";
import { runIntegers } from "./_method.ts";

const checkpoint = tinyBert();
const config = bertConfig(checkpoint);
const { weights } = checkpoint;
const random = new Random(7);
const texts = [5, 9, 3, 7].map((length) =>
  Array.from({ length }, () => random.integer(0, VOCABULARY - 1))
);
const options: CalibrateBertOptions = {
  load: async (program, symbols) => await loadWasm(await encodeProgram(program), { symbols }),
};
const inputs = (ids: readonly number[]) => ({
  ids: Int32Array.from(ids),
  offsets: Int32Array.of(0, ids.length),
});
const symbols = (ids: readonly number[]) => ({ tokens: ids.length, sequences: 1 });

/** Largest magnitudes of the channels of a value of the float network. */
async function floatMaxima(name: string): Promise<Float32Array> {
  const graph = buildBert(config, weights);
  const value = graph.nodes.map(({ outputs }) => outputs.y).find((y) => y.name === name)!;
  const program = compile(graph, { taps: { entry: ENCODE, values: new Map([["tap", value]]) } });
  using instance = await loadReference(await encodeProgram(program));
  const width = value.shape[1] as number;
  const maxima = new Float32Array(width);
  for (const ids of texts) {
    const { tap } = instance.runSync(inputs(ids), { symbols: symbols(ids) });
    (tap.data as Float32Array).forEach((x, i) => {
      maxima[i % width] = Math.max(maxima[i % width], Math.abs(x));
    });
  }
  return maxima;
}

/** Largest magnitudes of the columns of weights. */
function columns(names: readonly string[], width: number): Float32Array {
  const maxima = new Float32Array(width);
  for (const name of names) {
    (weights.get(`${name}.weight`)!.data as Float32Array).forEach((w, i) => {
      maxima[i % width] = Math.max(maxima[i % width], Math.abs(w));
    });
  }
  return maxima;
}

function definition(a: Float32Array, m: Float32Array, alpha: number): number[] {
  const plain = Array.from(a, (x, c) => x ** alpha / m[c] ** (1 - alpha));
  const logs = plain.map(Math.log).reduce((x, y) => x + y) / a.length;
  return plain.map((x) => x / Math.exp(logs));
}

const BLOCK = "encoder.layer.0.";
const READERS = {
  [`${BLOCK}in`]: ["query", "key", "value"].map((name) => `${BLOCK}attention.self.${name}`),
  [`${BLOCK}mid`]: [`${BLOCK}intermediate.dense`],
};

for (const geluBits of [12, 8] as const) {
  Deno.test(`a calibration with GELU of ${geluBits} bits: divisors and progress of two passes`, async () => {
    const progress: number[] = [];
    const { scales, smooth } = await attemptAsync(() =>
      calibrateBert(config, weights, texts, {
        ...options,
        quantization: { geluBits },
        onProgress: (done) => progress.push(done),
      })
    );
    assert.deepEqual(progress, [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]);
    assert.deepEqual([...smooth.keys()], [...smoothedSites(config, geluBits).keys()]);
    const network = quantizeBert(config, weights, { geluBits, smooth, single: true });
    assert.deepEqual(
      [...scales.keys()].sort(),
      network.sites.map(({ site: { name } }) => name).sort(),
    );
    for (const [name, readers] of Object.entries(READERS)) {
      const expected = definition(await floatMaxima(name), columns(readers, WIDTH), 0.85);
      const divisors = smooth.get(`${name}8`)!;
      expected.forEach((value, c) => {
        assert.ok(
          Math.abs(divisors[c] / value - 1) < 0.05,
          `${name} ${c}: ${divisors[c]}, ${value}`,
        );
      });
    }
    for (const name of Object.keys(READERS)) {
      // The second pass sees divided channels.
      const divisors = smooth.get(`${name}8`)!;
      const divided = (await floatMaxima(name)).map((most, c) => most / divisors[c]);
      const ratio = scales.get(`${name}8`)! / (Math.max(...divided) / 127);
      assert.ok(Math.abs(ratio - 1) < 0.05, `${name}: ${ratio}`);
    }
    if (geluBits === 12) return;
    // No layer reads what goes into GELU: all of the range is taken away.
    const into = definition(await floatMaxima(`${BLOCK}gelu_in`), new Float32Array(44).fill(1), 1);
    const divisors = smooth.get(`${BLOCK}gelu_in`)!;
    into.forEach((value, c) => {
      assert.ok(Math.abs(divisors[c] / value - 1) < 0.05, `${c}: ${divisors[c]}, ${value}`);
    });
  });

  Deno.test(`a calibrated encoder with GELU of ${geluBits} bits is near the float network`, async () => {
    const quantization = { geluBits };
    const { scales, smooth } = await attemptAsync(() =>
      calibrateBert(config, weights, texts, { ...options, quantization })
    );
    const network = quantizeBert(config, weights, { geluBits, smooth });
    using instance = await loadReference(
      await encodeProgram(compile(buildBert(config, weights))),
    );
    const known = Object.fromEntries(scales);
    for (const ids of texts) {
      const { sums } = await runIntegers(network, known, inputs(ids), symbols(ids));
      const real = instance.runSync(inputs(ids), { symbols: symbols(ids) }).sums
        .data as Float32Array;
      const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
        Array.from(a).reduce((sum, x, i) => sum + x * b[i], 0);
      const cosine = dot(sums, real) / Math.sqrt(dot(sums, sums) * dot(real, real));
      assert.ok(cosine > 0.995, `${cosine}`);
    }
  });
}

Deno.test("texts that are empty or too long are refused with their number", async () => {
  for (const bad of [[], Array(config.maxTokens + 1).fill(1)]) {
    await assert.rejects(calibrateBert(config, weights, [texts[0], bad], options), {
      code: "invalid_argument",
      message: new RegExp(`text 1 has ${bad.length} tokens`),
    });
  }
  await assert.rejects(calibrateBert(config, weights, [], options), { code: "invalid_argument" });
});
