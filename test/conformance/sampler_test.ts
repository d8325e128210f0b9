/**
 * The sampler in integers against the oracle's, rows that are made to break things
 * (`test/vectors/llama_int/sampler.json`; `test/golden/sampler_test.ts` has all).
 */
import assert from "node:assert/strict";
import vectors from "../vectors/llama_int/sampler.json" with { type: "json" };
import { weightOf } from "../../src/engines/reference/sample_i32.ts";
import { octaveTable, samplingRate } from "../../src/numeric/integer_tables.ts";
import { ENGINES } from "./_engines.ts";
import { compareDraws } from "./_sampled.ts";

const [, ...engines] = ENGINES;

Deno.test("sampler: weights, and rates of temperatures", () => {
  const octave = octaveTable();
  for (const [u, weight] of Object.entries(vectors.weights_at)) {
    assert.equal(weightOf((i) => octave[i], Number(u)), BigInt(weight), u);
  }
  for (const { temperature, integers } of vectors.cases) {
    assert.equal(samplingRate(temperature), integers.rate);
  }
});

for (const engine of [undefined, ...engines]) {
  Deno.test(`sampler: ${engine?.name ?? "the reference"} draws as the oracle`, async () => {
    assert.equal(await compareDraws(engine, vectors.cases, vectors.rows), 13 * 8 * 1000);
  });
}
