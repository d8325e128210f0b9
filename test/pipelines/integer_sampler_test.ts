/** What pipelines draw by, from float logits and the usual options, beside the oracle's ids (`test/vectors/llama_int`). */
import assert from "node:assert/strict";
import vectors from "../vectors/llama_int/sampler.json" with { type: "json" };
import {
  calibrateTextModel,
  compileIntegerText,
  parametersOfRanges,
} from "../../src/compile/integer_text.ts";
import type { SyncInstance } from "../../src/engines/engine.ts";
import { load } from "../../src/engines/load.ts";
import { lazyWeights } from "../../src/models/language_weights.ts";
import { IntegerSampler } from "../../src/pipelines/text/_integer_sampler.ts";
import { integerDraw } from "../../src/text/integer_draw.ts";
import { maskOf, seedWords } from "../conformance/_sampled.ts";
import type { SampledCase } from "../conformance/_sampled.ts";
import { configOf, weightsOf } from "../models/_llama.ts";

/** A set as the oracle's users write it, and what it gave. */
interface Golden extends SampledCase {
  readonly temperature: number;
  readonly top_k?: number;
  readonly top_p?: number;
  readonly min_p?: number;
}

const ROWS: Readonly<Record<string, readonly number[]>> = vectors.rows;
const SIZES = {
  depth: 1,
  heads: 2,
  kvHeads: 1,
  headSize: 4,
  hidden: 8,
  width: 8,
  tied: true,
  context: 16,
} as const;
const REST = { repetitionPenalty: 1, logprobs: 0 } as const;

/** The smallest model of a vocabulary. */
async function modelOf(vocabulary: number): Promise<SyncInstance> {
  const sizes = { ...SIZES, vocabulary };
  const checkpoint = { weights: lazyWeights(weightsOf(sizes, 5)), config: configOf(sizes) };
  const windows = [[0, 1, 1, 0, 1]];
  const ranges = await calibrateTextModel(checkpoint, windows, { prefix: [1] });
  const params = parametersOfRanges(checkpoint, ranges, windows);
  return await load(compileIntegerText(checkpoint, params, { bits: "w8a8" }));
}

Deno.test("float logits, temperature and the other options draw as the oracle", async () => {
  let drawn = 0;
  const cases: readonly Golden[] = vectors.cases;
  for (const [i, row] of Object.entries(ROWS)) {
    // Those that float32 holds.
    if (row.some((units) => Math.abs(units) >= 2 ** 24)) continue;
    using instance = await modelOf(row.length);
    const sampler = IntegerSampler.of(instance, row.length)!;
    for (const { name, temperature, masked, seed, rows, ...filters } of cases) {
      const { top_k: topK = 0, top_p: topP = 1, min_p: minP = 0 } = filters;
      const { first_8: expected } = rows[i];
      const logits = Float32Array.from(row, (units) => units / 2 ** 12);
      const mask = masked ? Int32Array.from(maskOf(row.length, Number(i))) : undefined;
      for (const [draws, id] of expected.entries()) {
        const options = { temperature, topK, topP, minP, ...REST };
        const draw = integerDraw(options, { seed: 0, draws });
        const [, , low, high] = draw.random;
        const random = [...seedWords(seed), low, high] as const;
        const next = sampler.draw(logits, { ...draw, random }, mask);
        if (id < 0) await assert.rejects(next, { code: "invalid_argument", message: /no id/ });
        else assert.equal(await next, id, `${name}, row ${i}, draw ${draws}`);
        drawn++;
      }
    }
  }
  assert.equal(drawn, 13 * 5 * 8);
});
