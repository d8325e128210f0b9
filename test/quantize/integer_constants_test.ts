/** Weights, biases and norms as integers, by their definitions. */
import assert from "node:assert/strict";
import {
  checkEpsilon,
  quantizeBias,
  quantizeNorm,
  quantizeWeight,
  raiseSmallGamma,
  shiftExponent,
  softmaxTable,
} from "../../src/quantize/integer_constants.ts";
import { quantizeParameters } from "../../src/quantize/integer_parameters.ts";
import { divide, knownScale, multiply, ruleOf } from "../../src/quantize/integer_network.ts";
import { attempt } from "../_attempt.ts";
import { scaleOf } from "../../src/numeric/grid.ts";

const { fround } = Math;
const f32 = (...values: number[]) => Float32Array.from(values);

Deno.test("weights: a scale for each row, the largest is 127 or 63 of it", () => {
  const rows = f32(1.1, -2, 0.5, 0, 0, 0, -3, 3, 1);
  const eight = quantizeWeight(rows, 3, 8);
  assert.deepEqual([...eight.scales], [fround(2 / 127), 2 ** -23, fround(3 / 127)]);
  assert.deepEqual([...eight.codes], [70, -127, 32, 0, 0, 0, -127, 127, 42]);
  const seven = quantizeWeight(rows, 3, 7);
  assert.deepEqual([...seven.scales], [fround(2 / 63), 2 ** -23, fround(3 / 63)]);
  assert.deepEqual([...seven.codes], [35, -63, 16, 0, 0, 0, -63, 63, 21]);
  // A floor is a least scale.
  assert.deepEqual([...quantizeWeight(rows, 3, 8, f32(0.5, 0.25, 0)).scales], [
    0.5,
    0.25,
    fround(3 / 127),
  ]);
});

Deno.test("biases: on the grid of the sums, within 2^30", () => {
  assert.deepEqual([...quantizeBias(f32(1, -1.5, 0.375), f32(0.5, 0.25, 0.25), "b")], [2, -6, 2]);
  assert.throws(() => quantizeBias(f32(0, 2 ** 30), f32(1, 1), "layer"), {
    code: "unsupported",
    message: /layer\.bias\[1\]/,
  });
  assert.equal(quantizeBias(f32(-(2 ** 29)), f32(1), "layer")[0], -(2 ** 29));
});

Deno.test("norms: √C·2^-30·γ is the scale, β in its units the bias, rounded down", () => {
  const { bias, scales } = quantizeNorm(f32(1, -2, 4, 1), f32(0.5, 1, -3, 2 ** -30), "n");
  assert.deepEqual([...scales], [2 ** -29, -(2 ** -28), 2 ** -27, 2 ** -29]);
  assert.deepEqual([...bias], [2 ** 28, -(2 ** 28), -3 * 2 ** 27, 0]);
  assert.throws(() => quantizeNorm(f32(1, 0, 1, 1), f32(0, 1, 0, 0), "n"), {
    code: "unsupported",
    message: /n: weight\[1\]/,
  });
});

Deno.test("a γ that is too small is raised until its bias fits, with its sign", () => {
  const [gamma, beta] = [f32(1, -1e-9, 0, 1e-3), f32(0.5, 1, -2, 0)];
  const warned: number[] = [];
  const raised = raiseSmallGamma(gamma, beta, (channel) => warned.push(channel));
  assert.deepEqual(warned, [1, 2]);
  assert.deepEqual([raised[0], raised[3]], [1, fround(1e-3)]);
  assert.ok(raised[1] < 0 && raised[2] > 0);
  const { bias } = attempt(() => quantizeNorm(raised, beta, "n"));
  // The smallest that fits: just below 2^30.
  for (const c of [1, 2]) assert.ok(Math.abs(bias[c]) > 2 ** 30 * (1 - 2 ** -18), `${bias[c]}`);
});

Deno.test("an epsilon up to 1e-3 is left out", () => {
  checkEpsilon(1e-3, "n");
  assert.throws(() => checkEpsilon(1.1e-3, "n"), { code: "unsupported" });
});

Deno.test("exponentials: round(e^(−d·s)·2^20); the shift exponent is ⌊−1/s⌋", () => {
  const table = softmaxTable(0.25);
  assert.deepEqual([table.length, table[0]], [256, 2 ** 20]);
  assert.deepEqual([table[1], table[40]], [
    Math.round(2 ** 20 * Math.exp(-0.25)),
    Math.round(2 ** 20 * Math.exp(-10)),
  ]);
  assert.deepEqual([0.5, 0.3, 2].map(shiftExponent), [-2, -4, -1]);
});

Deno.test("weights make room for a bias where the scale of x asks for it", () => {
  const warnings: string[] = [];
  const parameters = quantizeParameters((message) => warnings.push(message));
  const rows = { dtype: "f32" as const, shape: [2, 2], data: f32(1e-7, 0, 1, 1) };
  const bias = f32(9, 9);
  assert.equal(parameters.needsRoom("a", rows, 8, bias), true);
  assert.ok(warnings[0].includes("a.weight[0]"));
  assert.equal(parameters.needsRoom("b", { ...rows, data: f32(1, 1, 1, 1) }, 8, bias), false);
  const plain = parameters.weight("a", rows, 8);
  assert.deepEqual(parameters.weight("a", rows, 8, { bias, inputScale: 100 }), plain);
  const inputScale = 1e-4;
  const raised = parameters.weight("a", rows, 8, { bias, inputScale });
  const code = 9 / (inputScale * raised.scales[0]);
  assert.ok(code < 2 ** 30 && code > 2 ** 30 * 0.999, `${code}`);
  assert.equal(raised.scales[1], plain.scales[1]);
});

Deno.test("rules of scales: products and quotients by channel", () => {
  const scales = new Map([["a", 3], ["b", 0.5]]);
  const channels = { from: ["b"], of: () => f32(1, 2, 4) };
  const product = multiply(ruleOf("a"), channels);
  assert.deepEqual([product.from, [...product.of(scales)]], [["a", "b"], [3, 6, 12]]);
  assert.deepEqual([...multiply(channels, ruleOf("a")).of(scales)], [3, 6, 12]);
  assert.deepEqual(multiply(ruleOf("a"), ruleOf("a")).from, ["a"]);
  assert.deepEqual([...multiply(knownScale(0.25), ruleOf("a")).of(scales)], [0.75]);
  assert.deepEqual([...divide(channels, f32(2, 4, 0.5)).of(scales)], [0.5, 0.5, 8]);
  assert.deepEqual([...divide(ruleOf("a"), f32(2, 4)).of(scales)], [1.5, 0.75]);
  assert.equal(divide(channels, undefined), channels);
});

Deno.test("the scale of a magnitude of nothing is the least", () => {
  assert.equal(scaleOf(0, 16), 2 ** -23);
});
