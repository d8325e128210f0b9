import assert from "node:assert/strict";
import { columnMaxima, multiplyColumns, smoothingDivisors } from "../../src/quantize/smooth.ts";
import { assertNear } from "./_method.ts";

const tensor = (shape: number[], ...data: number[]) => ({
  dtype: "f32" as const,
  shape,
  data: Float32Array.from(data),
});

Deno.test("divided activations and multiplied columns give the same products", () => {
  const weights = tensor([2, 3], 1, 2, 3, -4, 5, -6);
  const divisors = Float32Array.of(2, 0.25, 8);
  const x = [3, -5, 7];
  const scaled = multiplyColumns(weights, divisors);
  assert.deepEqual([scaled.dtype, scaled.shape], ["f32", [2, 3]]);
  for (const n of [0, 1]) {
    const dot = (w: ArrayLike<number | bigint>, values: number[]) =>
      values.reduce((sum, value, k) => sum + value * Number(w[n * 3 + k]), 0);
    assert.equal(
      dot(scaled.data, x.map((value, k) => value / divisors[k])),
      dot(weights.data, x),
    );
  }
  assert.deepEqual([...weights.data], [1, 2, 3, -4, 5, -6]);
});

Deno.test("divisors are a^α / m^(1−α) over their geometric mean: α is the activations' side", () => {
  // a = 16, 1; m = 1, 81; α = ¾: 8/1 and 1/3; their geometric mean is √(8/3).
  const divisors = smoothingDivisors(Float32Array.of(16, 1), Float32Array.of(1, 81), 0.75);
  const mean = Math.sqrt(8 / 3);
  assertNear(divisors, [8 / mean, 1 / 3 / mean], 1e-6);
  assertNear([divisors[0] * divisors[1]], [1], 1e-6);
  // All on the activations: their ratio stays.
  const all = smoothingDivisors(Float32Array.of(16, 1), Float32Array.of(7, 3), 1);
  assertNear(all, [4, 0.25], 1e-6);
  // Nothing: that of the weights, inverted.
  const none = smoothingDivisors(Float32Array.of(7, 3), Float32Array.of(4, 1), 0);
  assertNear(none, [0.5, 2], 1e-6);
});

Deno.test("what is never active or never read counts as 1e-5", () => {
  const divisors = smoothingDivisors(Float32Array.of(0, 1e-5), Float32Array.of(0, 1e-5), 0.5);
  assertNear(divisors, [1, 1], 1e-6);
});

Deno.test("column maxima are magnitudes over all layers that read the channels", () => {
  const maxima = columnMaxima([
    tensor([2, 3], 1, -2, 3, -4, 1, 0),
    tensor([1, 3], 0.5, 0.5, -9),
  ], 3);
  assert.deepEqual([...maxima], [4, 2, 9]);
});
