/** The sampler in integers: 40 rows of logits, 13 sets of parameters, 1,000 draws each. */
import assert from "node:assert/strict";
import { ENGINES } from "../conformance/_engines.ts";
import { compareDraws } from "../conformance/_sampled.ts";
import { absent, readJson, SHARED } from "./_shared.ts";

const GOLDEN = "golden/llama-int/sampler.json";
const ignore = absent(`${SHARED}/${GOLDEN}`);
const [, ...engines] = ENGINES;

for (const engine of [undefined, ...engines]) {
  const name = `sampler: ${engine?.name ?? "the reference"} draws as the oracle, all of it`;
  Deno.test({ name, ignore }, async () => {
    const { cases, rows } = readJson(GOLDEN);
    assert.equal(await compareDraws(engine, cases, rows), 13 * 40 * 1000);
  });
}
