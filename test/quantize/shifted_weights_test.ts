/** Weights of integer language models beside the oracle's rules, written down once more. */
import assert from "node:assert/strict";
import { quantizeShifted, rowSums } from "../../src/quantize/shifted_weights.ts";
import type { LanguageBits } from "../../src/quantize/shifted_weights.ts";
import { eightBits, fourBits } from "../conformance/_oracle_weights.ts";
import { Random } from "../conformance/_random.ts";

const [N, K] = [9, 150];
const random = new Random(4);
const rows = Float32Array.from(
  { length: N * K },
  (_, i) => (random.unit() * 2 - 1) * (i % 7 === 0 ? 4 : 1) * (Math.floor(i / K) === 3 ? 1e-3 : 1),
);
// Groups of nothing, rows of one sign, and of nothing.
rows.fill(0, 4 * K, 4 * K + 64);
rows.subarray(K, 2 * K).forEach((w, i, all) => all[i] = Math.abs(w));
rows.fill(0, 2 * K, 3 * K);

const ORACLE: Readonly<Record<LanguageBits, ReturnType<typeof eightBits>>> = {
  w8a8: eightBits(rows, N, K),
  w4a8: fourBits(rows, N, K, K, 0),
  w4a8g64: fourBits(rows, N, K, 64, 255),
  w4a8g32: fourBits(rows, N, K, 32, 255),
};

for (const [bits, oracle] of Object.entries(ORACLE) as [LanguageBits, typeof ORACLE.w8a8][]) {
  Deno.test(`weights of ${bits}`, () => {
    const weight = quantizeShifted(rows, N, bits, 255, "x");
    assert.deepEqual(Array.from(weight.codes), oracle.codes);
    assert.deepEqual(Array.from(weight.scales), oracle.scales);
    if (bits !== "w8a8") assert.deepEqual(Array.from(weight.zero!), oracle.zero);
    const hasFactors = bits.includes("g");
    assert.deepEqual(
      weight.factor && Array.from(weight.factor),
      hasFactors ? oracle.factor : undefined,
    );
    const { group } = weight;
    const groups = Math.ceil(K / group);
    const sums = Array.from({ length: N }, (_, n) => {
      let sum = 0;
      for (let k = 0; k < K; k++) {
        const g = n * groups + Math.floor(k / group);
        sum += oracle.factor[g] * (oracle.codes[n * K + k] - oracle.zero[g]);
      }
      return sum;
    });
    assert.deepEqual(Array.from(rowSums(weight, N)), sums);
  });
}

Deno.test("factors are smaller where sums of products would reach 2^31", () => {
  const wide = new Float32Array(5000).map((_, i) => i % 2 === 0 ? 1 : -0.9);
  const { factor, codes, zero } = quantizeShifted(wide, 1, "w4a8g64", 255, "x");
  let sum = 0;
  codes.forEach((code, k) => {
    const g = Math.floor(k / 64);
    sum += factor![g] * Math.abs(code - zero![g]) * 255;
  });
  assert.ok(sum < 2 ** 31 && sum > 2 ** 29, `${sum}`);
  assert.ok(Math.max(...factor!) <= 127);
});

Deno.test("weights whose sums have no room are refused", () => {
  const wide = new Float32Array(70_000).fill(1);
  assert.throws(() => quantizeShifted(wide, 1, "w8a8", 255, "the layer"), {
    code: "unsupported",
    message: /Cannot quantise the layer: the sums of its 70000 products reach 2\^31/,
  });
});
