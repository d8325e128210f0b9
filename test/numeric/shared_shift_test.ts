/** Multipliers with one shift. */
import assert from "node:assert/strict";
import { sharedShift } from "../../src/numeric/shared_shift.ts";

Deno.test("the largest multiplier has 31 bits, the others the same shift", () => {
  assert.deepEqual(sharedShift([0.5, -0.25, 0], "x"), {
    multipliers: Int32Array.of(2 ** 30, -(2 ** 29), 0),
    shift: 31,
  });
  assert.deepEqual(sharedShift([3, 1 / 3], "x"), {
    multipliers: Int32Array.of(3 * 2 ** 29, 178956971),
    shift: 29,
  });
  // Halves are rounded away from 0.
  const { multipliers, shift } = sharedShift([2 ** 28, 0.375, -0.375], "x");
  assert.deepEqual([[...multipliers], shift], [[2 ** 30, 2, -2], 2]);
});

Deno.test("a mantissa that rounds up to 2^31 is halved", () => {
  const { multipliers, shift } = sharedShift([1 - 2 ** -40], "x");
  assert.deepEqual([multipliers[0], shift], [2 ** 30, 30]);
});

Deno.test("scales that are too far apart are refused", () => {
  for (const ratio of [2 ** 31, 2 ** -33, Infinity, NaN]) {
    assert.throws(() => sharedShift([ratio], "the layer"), {
      code: "unsupported",
      message: /Cannot requantise the layer/,
    });
  }
  assert.equal(sharedShift([2 ** -32], "x").shift, 62);
});
