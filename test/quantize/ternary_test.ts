/** Trits of weights whose codes can be counted by hand; `test/golden` has NumPy's. */
import assert from "node:assert/strict";
import { FewbitError } from "../../src/errors.ts";
import { ternarize } from "../../src/quantize/ternary.ts";

Deno.test("ternarize() rounds half to even and clamps", () => {
  // The mean magnitude is 2: halves of it are ties, and go to zero.
  const { trits, scale } = ternarize(Float32Array.of(1, -1, 1.5, -1.5, 0, -7));
  assert.equal(scale, 2);
  assert.deepEqual(Array.from(trits), [0, 0, 1, -1, 0, -1]);
});

Deno.test("ternarize() has a least scale", () => {
  assert.deepEqual(ternarize(new Float32Array(3)), {
    trits: new Int8Array(3),
    scale: Math.fround(1e-5),
  });
  assert.deepEqual(Array.from(ternarize(Float32Array.of(4e-6, 6e-6)).trits), [0, 1]);
});

Deno.test("ternarize() sums long tensors without losing small weights", () => {
  const weights = new Float32Array(100_003).fill(0.1);
  assert.equal(ternarize(weights).scale, Math.fround(0.1));
});

Deno.test("ternarize() refuses what has no mean", () => {
  for (const weights of [[], [1, NaN], [Infinity], [1, -Infinity]]) {
    assert.throws(
      () => ternarize(Float32Array.from(weights)),
      (error) => error instanceof FewbitError && error.code === "invalid_argument",
    );
  }
});
