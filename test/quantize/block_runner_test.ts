/** Ranges of the channels of rows, and of several windows. */
import assert from "node:assert/strict";
import { rangeOf, widen } from "../../src/quantize/block_runner.ts";

Deno.test("least and largest of each channel; of one that is not finite, neither", () => {
  const [low, high] = rangeOf(Float32Array.of(1, -5, 0, 3, 2, 0, -2, -7, 0), 3);
  assert.deepEqual([low, high], [Float32Array.of(-2, -7, 0), Float32Array.of(3, 2, 0)]);
  for (const odd of [NaN, Infinity, -Infinity]) {
    // In the first, a middle and the last row.
    for (let row = 0; row < 3; row++) {
      const rows = Float32Array.of(1, -5, 3, 2, -2, -7);
      rows[2 * row + 1] = odd;
      const range = rangeOf(rows, 2);
      // One NaN is as good as another.
      assert.deepEqual(range.map((x) => [...x]), [[-2, NaN], [3, NaN]]);
      const [all, most] = [Float32Array.of(-9, 0), Float32Array.of(1, 0)];
      widen(all, most, range);
      widen(all, most, [Float32Array.of(-1, -1), Float32Array.of(5, 1)]);
      assert.deepEqual([[...all], [...most]], [[-9, NaN], [5, NaN]]);
    }
  }
});
