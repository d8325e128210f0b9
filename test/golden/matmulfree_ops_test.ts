/** The arithmetic of MatMul-free LM against NumPy's: `golden/matmulfree/make_golden.py`, `ops()`. */
import assert from "node:assert/strict";
import { ternarize } from "../../src/quantize/ternary.ts";
import { Stream } from "./_seeded.ts";
import { absent, fromBits, readJson, sha256, SHARED } from "./_shared.ts";

const GOLDEN = "golden/matmulfree/ops.json";
/** Rows, inner size and seed of each set. */
const SETS = [[16, 64, 1], [64, 1024, 2], [32, 2816, 3], [16, 6912, 4]];

const ignore = absent(`${SHARED}/${GOLDEN}`);
const golden = ignore ? undefined : readJson(GOLDEN);

Deno.test({ name: "ternarize() gives NumPy's trits and scales", ignore }, () => {
  SETS.forEach(([n, k, seed], i) => {
    const { trits, scale } = ternarize(new Stream(seed).take(n * k, 0.05));
    const expected = golden.ternarize[i];
    assert.equal(scale, fromBits(expected.mu_f32_bits));
    assert.equal(trits.filter((trit) => trit === 0).length, expected.zeros);
    assert.equal(sha256(trits), expected.t_i8_sha256);
  });
});
