/** How good the float32 functions are. */
import assert from "node:assert/strict";
import { exp, gelu, sigmoid, silu, softmax, sum16 } from "../../src/engines/reference/float32.ts";
import { ulps } from "./ulps.ts";

Deno.test("exp() is within one unit of the last place", () => {
  let worst = 0;
  for (let i = 0; i <= 200_000; i++) {
    const x = Math.fround(-87.3 * i / 200_000);
    worst = Math.max(worst, ulps(exp(x), Math.exp(x)));
  }
  assert.ok(worst <= 1, `${worst} ulp`);
  assert.equal(exp(0), 1);
  assert.equal(exp(-88), 0);
  assert.equal(exp(-Infinity), 0);
  assert.ok(Number.isNaN(exp(NaN)));
});

Deno.test("sigmoid() and silu() are within 2.5 units of the last place", () => {
  let worst = 0;
  for (let i = 0; i <= 200_000; i++) {
    const x = Math.fround(-87.33 + 117.33 * i / 200_000);
    const exact = 1 / (1 + Math.exp(-x));
    worst = Math.max(worst, ulps(sigmoid(x), exact), ulps(silu(x), x * exact));
  }
  assert.ok(worst <= 2.5, `${worst} ulp`);
  for (const x of [-88, -89, -1000, -1e38, -Infinity]) {
    assert.ok(sigmoid(x) > 0 && sigmoid(x) < 6.1e-39, `${x}`);
    assert.ok(silu(x) < 0 && silu(x) > -6e-37, `${x}`);
  }
  assert.equal(sigmoid(Infinity), 1);
  assert.equal(silu(Infinity), Infinity);
  assert.equal(silu(-0), -0);
  assert.ok(Number.isNaN(sigmoid(NaN)) && Number.isNaN(silu(NaN)));
});

/** Φ(x) by its series: terms of one sign, so it is good to 1e-14. */
function geluExact(x: number): number {
  const a = Math.abs(x);
  let term = a;
  let sum = a;
  for (let n = 1; n < 400; n++) {
    term *= a * a / (2 * n + 1);
    sum += term;
  }
  const half = sum * Math.exp(-a * a / 2) / Math.sqrt(2 * Math.PI);
  return x < 0 ? x * (0.5 - half) : x * (0.5 + half);
}

Deno.test("gelu() is within 4e-7 of the function", () => {
  let worst = 0;
  for (let i = -60_000; i <= 60_000; i++) {
    const x = Math.fround(i / 10_000);
    const size = Math.max(1, Math.abs(x));
    worst = Math.max(worst, Math.abs(gelu(x) - geluExact(x)) / size);
  }
  assert.ok(worst <= 4e-7, `${worst}`);
  assert.equal(gelu(-0), -0);
  assert.equal(gelu(Infinity), Infinity);
  assert.ok(Math.abs(gelu(-Infinity)) < 1e-30);
  assert.ok(Number.isNaN(gelu(NaN)));
});

Deno.test("sum16() adds in its order, rounding to float32", () => {
  assert.equal(sum16([2 ** 24, 1, 0, 1]), 2 ** 24 + 2);
  assert.equal(sum16([2 ** 24, ...Array(15).fill(0), 1, ...Array(15).fill(0), 1]), 2 ** 24);
  assert.equal(sum16([-0]), 0);
});

Deno.test("softmax() of rows without a largest element", () => {
  assert.deepEqual(softmax([-Infinity, -Infinity]), [0, 0]);
  assert.deepEqual(softmax([0, -Infinity]), [1, 0]);
  assert.ok(softmax([1, Infinity]).every(Number.isNaN));
  assert.ok(softmax([NaN, -Infinity]).every(Number.isNaN));
});
