/** Embeddings from channel sums. */
import assert from "node:assert/strict";
import { unitVector } from "../../../src/pipelines/embedding/unit_vector.ts";

Deno.test("sums are divided by their length in float64 and rounded once", () => {
  assert.deepEqual(unitVector(Int32Array.of(3, -4)), Float32Array.of(0.6, -0.8));
  // The sum of squares has more than 53 bits.
  const large = Int32Array.of(2 ** 30 + 1, -(2 ** 30) - 7, 12345);
  const squares = large.reduce((sum, x) => sum + BigInt(x) ** 2n, 0n);
  const expected = Float32Array.from(large, (x) => x / Math.sqrt(Number(squares)));
  assert.deepEqual(unitVector(large), expected);
});

Deno.test("no sums at all give zeros, too large ones an error", () => {
  assert.deepEqual(unitVector(new Int32Array(3)), new Float32Array(3));
  const code = "invalid_argument";
  assert.throws(() => unitVector(new Int32Array(2).fill(-(2 ** 31))), { code });
});
