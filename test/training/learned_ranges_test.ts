/** Codes and gradients of learned ranges and clipped weights: the vectors of `spec/mobilequant.md` 1.2 and 8.2; KL with a tail. */
import assert from "node:assert/strict";
import { ExactProgram } from "../../src/engines/reference/exact.ts";
import { gradients } from "../../src/gradients/gradients.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import { NodeBuilder } from "../../src/graph/node_builder.ts";
import { compile } from "../../src/lower/compile.ts";
import { likelyDivergence } from "../../src/training/losses/divergence.ts";
import {
  fakeQuantize,
  learnedGrid,
  unsignedCodes,
} from "../../src/training/quantization/fake_quantization.ts";
import { clipWeight } from "../../src/training/quantization/weight_clipping.ts";

type Make = (
  build: NodeBuilder,
  input: (name: string, shape: readonly number[], data: readonly number[]) => Value,
) => Readonly<Record<string, Value>>;

/** Outputs by name, and of `y`'s sum the gradients by the inputs. */
function run(make: Make): Record<string, number[]> {
  const graph = new Graph();
  const build = new NodeBuilder(graph);
  const inputs = new Map<Value, readonly number[]>();
  const outputs = make(build, (name, shape, data) => {
    const value = graph.input(name, "f32", shape);
    inputs.set(value, data);
    return value;
  });
  const made = gradients(graph, build.sum(outputs.y), [...inputs.keys()]);
  [...inputs.keys()].forEach(({ name }, i) => graph.output(`d${name}`, made[i]));
  for (const [name, value] of Object.entries(outputs)) graph.output(`out.${name}`, value);
  const exact = new ExactProgram(compile(graph, { training: true }));
  for (const [{ name }, data] of inputs) exact.write(name, data);
  exact.run();
  return Object.fromEntries([
    ...[...inputs.keys()].map(({ name }) => [`d${name}`, [...exact.read(`d${name}`)]]),
    ...Object.keys(outputs).map((name) => [name, [...exact.read(`out.${name}`)]]),
  ]);
}

const near = (got: readonly number[], want: readonly number[], error = 1e-6): void => {
  assert.equal(got.length, want.length);
  want.forEach((x, i) => assert.ok(Math.abs(got[i] - x) <= error, `${i}: ${got[i]}, not ${x}`));
};

// Ties go to the even code, as PyTorch's.
const VECTORS:
  readonly (readonly [scale: number, zero: number, bits: number, x: number[], codes: number[]])[] =
    [
      [4 / 255, 64, 8, [-1.5, -1, -0.5, 0, 0.1, 1.5, 3, 4.5], [0, 0, 32, 64, 70, 160, 255, 255]],
      [0.05, 10, 4, [-0.75, -0.5, -0.25, 0, 0.1, 0.125, 0.25, 0.375], [
        0,
        0,
        5,
        10,
        12,
        12,
        15,
        15,
      ]],
      [1, 0, 8, [0.5, 1.5, 2.5, 3.5, -0.5], [0, 2, 2, 4, 0]],
    ];

Deno.test("fake quantisation: codes, and gradients inside and outside", () => {
  for (const [s, z, bits, values, codes] of VECTORS) {
    const { y, dx, dscale, dzero } = run((build, input) => {
      const x = input("x", [values.length], values);
      const grid = { scale: input("scale", [1], [s]), zero: input("zero", [1], [z]) };
      return { y: fakeQuantize(build, x, grid, unsignedCodes(bits)) };
    });
    near(y, codes.map((code) => (code - z) * s), 1e-9);
    const most = 2 ** bits - 1;
    const even = (x: number): number =>
      Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x);
    const isInside = values.map((x) => even(x / s) + z >= 0 && even(x / s) + z <= most);
    assert.deepEqual(dx, isInside.map(Number));
    const slopes = values.map((x, i) => isInside[i] ? even(x / s) - x / s : codes[i] - z);
    near(dscale, [slopes.reduce((a, b) => a + b)]);
    near(dzero, [isInside.filter((inside) => !inside).length * -s]);
  }
});

Deno.test("a range that is learned by its logarithm has a code of 0 that is one", () => {
  const { y, dzero } = run((build, input) => {
    const x = input("x", [2], [0.4, -9]);
    const range = { scale: input("scale", [1], [Math.log(0.5)]), zero: input("zero", [1], [2.4]) };
    const codes = unsignedCodes(3);
    return { y: fakeQuantize(build, x, learnedGrid(build, "log", range, codes), codes) };
  });
  near(y, [0.5, -1]);
  near(dzero, [-0.5]);
});

Deno.test("clipped weights: scales and codes of 0, their gradients to the extremes", () => {
  const rows = [-0.8, 0.1, 0.4, 0.6, 0.2, 0.3, 0.05, 0.9];
  const { y, scale, zero, dhigh } = run((build, input) => {
    const weight = input("w", [2, 4], rows);
    const logits = { high: input("high", [2, 1], [4, 4]), low: input("low", [2, 1], [4, 4]) };
    const made = clipWeight(build, weight, logits, { bits: 4, holdsZero: false });
    return { y: made.weight, scale: made.scale, zero: made.zero! };
  });
  near(scale, [0.0916546211, 0.055647444], 1e-8);
  assert.deepEqual(zero, [9, -1]);
  const codes = [0, 10, 13, 15, 3, 4, 0, 15];
  near(y, codes.map((code, i) => (code - zero[i >> 2]) * scale[i >> 2]), 1e-9);
  assert.ok(dhigh[0] !== 0 && dhigh[1] !== 0 && dhigh[0] !== dhigh[1]);
  const whole = run((build, input) => {
    const logit = (name: string): Value => input(name, [1], [30]);
    const logits = { high: logit("high"), low: logit("low") };
    const weight = input("w", [2, 4], rows);
    const made = clipWeight(build, weight, logits, { bits: 8, perTensor: true });
    return { y: made.weight, scale: made.scale };
  });
  near(whole.scale, [1.7 / 255], 1e-9);
});

Deno.test("KL to the likeliest and the rest is that of the classes put together", () => {
  const [p, logits] = [[0.5, 0.3, 0.1, 0.06, 0.04], [1, 0.2, -0.5, -1, 0.3]];
  const sum = logits.reduce((total, x) => total + Math.exp(x), 0);
  const q = logits.map((x) => Math.exp(x) / sum);
  const { y } = run((build, input) => ({
    y: likelyDivergence(build, input("x", [1, 5], logits), {
      probabilities: build.constant([1, 5], [0.5, 0.3, 0, 0, 0]),
      others: build.constant([1, 5], [0, 0, 1, 1, 1]),
      rest: build.constant([1, 1], [0.2]),
    }),
  }));
  const part = (a: number, b: number): number => a * Math.log(a / b);
  const rest = (x: readonly number[]): number => x[2] + x[3] + x[4];
  near(y, [part(p[0], q[0]) + part(p[1], q[1]) + part(rest(p), rest(q))]);
});
