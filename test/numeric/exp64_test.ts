/** The float64 exponential of additions and products, beside the host's. */
import assert from "node:assert/strict";
import { exp64 } from "../../src/numeric/exp64.ts";

Deno.test("exp64 is within 4 units in the last place of the host's from −700 to 0", () => {
  assert.equal(exp64(0), 1);
  assert.equal(exp64(-700.001), 0);
  assert.ok(Number.isNaN(exp64(NaN)));
  for (let i = 0; i <= 70_000; i++) {
    const x = -i / 100 - (i % 7) / 1000;
    if (x < -700) continue;
    const error = Math.abs(exp64(x) / Math.exp(x) - 1);
    assert.ok(error <= 4 * 2 ** -52, `${x}: ${error}`);
  }
});
