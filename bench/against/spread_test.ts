import assert from "node:assert/strict";
import { spreadOf } from "./_spread.ts";

Deno.test("spreadOf() has quartiles and the standard error that follows from them", () => {
  const { median, low, high, error } = spreadOf([9, 1, 8, 2, 7, 3, 6, 4, 5]);
  assert.deepEqual([median, low, high], [5, 3, 7]);
  // sqrt(π/2) · (7 − 3) / 1.349 / sqrt(9)
  assert.ok(Math.abs(error - 1.2387) < 1e-4, `${error}`);
  assert.equal(spreadOf([2]).error, 0);
  // One far away changes neither much.
  assert.deepEqual(spreadOf([9, 1, 8, 2, 7, 3, 6, 4, 1e9]).median, 6);
});
