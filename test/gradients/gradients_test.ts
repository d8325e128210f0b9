/** Every gradient against differences, and in float32 against float64. */
import assert from "node:assert/strict";
import { ExactProgram } from "../../src/engines/reference/exact.ts";
import { loadReference } from "../../src/engines/reference/mod.ts";
import { gradients } from "../../src/gradients/gradients.ts";
import { GRADIENT_RULES } from "../../src/gradients/rules/mod.ts";
import { cannotDifferentiate } from "../../src/gradients/rules/none.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import { NodeBuilder } from "../../src/graph/node_builder.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { compile } from "../../src/lower/compile.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { gradcheck } from "../../src/training/gradcheck.ts";
import { trainingGraph } from "../../src/training/training_graph.ts";
import { Random } from "../conformance/_random.ts";
import { GRADIENT_CASES } from "./_cases.ts";
import type { GradientCase } from "./_cases.ts";

/** The graph of a case, a loss that depends on all of its result, and numbers for the inputs. */
function built({ make, ids }: GradientCase) {
  const graph = new Graph();
  const random = new Random(17);
  const inputs: Value[] = [];
  const values: Record<string, Float32Array | Int32Array> = {};
  const build = new NodeBuilder(graph);
  const draw = (count: number, plus: number): Float32Array =>
    Float32Array.from({ length: count }, () => random.unit() * 2 - 1 + plus);
  const y = make(build, (shape, plus = 0) => {
    const name = `x${Object.keys(values).length}`;
    values[name] = draw(shape.reduce((a, b) => a * b, 1), plus);
    const value = graph.input(name, "f32", shape);
    inputs.push(value);
    return value;
  });
  if (ids !== undefined) values.ids = Int32Array.from(ids);
  const count = y.shape.reduce<number>((n, extent) => n * (extent as number), 1);
  const factors = build.constant(y.shape as number[], draw(count, 0.2));
  return { graph, values, inputs, loss: build.sum(build.mul(y, factors)) };
}

for (const c of GRADIENT_CASES) {
  Deno.test(`gradient of ${c.op}${c.of === undefined ? "" : `: ${c.of}`}`, async () => {
    const { graph, loss, inputs, values } = built(c);
    const wrt = inputs.filter((_, i) => c.constant !== i);
    for (const row of gradcheck(graph, loss, wrt, values)) {
      assert.ok(row.error <= 1e-5, JSON.stringify(row));
      assert.notEqual(row.gradient, 0, row.name);
    }
    const made = gradients(graph, loss, wrt);
    made.forEach((gradient, i) => graph.output(`d${i}`, gradient));
    const program = compile(graph, { training: true });
    const exact = new ExactProgram(program);
    const read = Object.entries(values).filter(([name]) =>
      program.tensors.some((tensor) => tensor.name === name)
    );
    for (const [name, data] of read) exact.write(name, data);
    exact.run();
    using instance = await loadReference(await encodeProgram(program));
    const outputs = await instance.run(Object.fromEntries(read));
    made.forEach((_, i) => {
      const want = exact.read(`d${i}`);
      const size = Math.max(...want.map(Math.abs));
      want.forEach((value, j) => {
        const error = Math.abs(outputs[`d${i}`].data[j] as number - value);
        assert.ok(error <= 3e-6 * size, `d${i}, element ${j}: ${error} of ${size}`);
      });
    });
  });
}

Deno.test("every op that has a gradient has a case", () => {
  const covered = new Set<string>(GRADIENT_CASES.map(({ op }) => op));
  const missing = Object.entries(GRADIENT_RULES)
    .filter(([op, rule]) => rule !== cannotDifferentiate && !covered.has(op));
  // Differences of roundings are no gradients: test/training/straight_through_test.ts.
  const straight = ["FusedBitLinear", "QuantizeRowsAway", "StraightThrough", "Ternarize"];
  // Angles follow from places, which are integers; what flows through moments is in the gradient of `NormalizeBatch`.
  const others = ["AllFinite", "BatchMoments", "MaxPoolPlaces", "RotaryAngles", "SignBits"];
  assert.deepEqual(missing.map(([op]) => op).sort(), [...straight, ...others].sort());
});

/** A graph of two layers, and its parameters. */
function twoLayers() {
  const graph = new Graph();
  const build = new NodeBuilder(graph);
  const random = new Random(3);
  const parameter = (name: string, shape: readonly number[]): Value => {
    const length = shape.reduce((a, b) => a * b, 1);
    const data = Float32Array.from({ length }, () => random.unit() - 0.5);
    return graph.parameter(name, { dtype: "f32", shape, data });
  };
  const x = graph.input("x", "f32", [3, 4]);
  const [w1, w2] = [parameter("w1", [5, 4]), parameter("w2", [2, 5])];
  const h = build.unary(graph.apply(ops.linear, { x, weight: w1 }), "tanh");
  const y = graph.apply(ops.linear, { x: h, weight: w2 });
  return { graph, build, x, w1, w2, y, loss: build.sum(build.unary(y, "square")) };
}

Deno.test("gradients: nothing is differentiated below the lowest tensor", () => {
  const { graph, loss, w1, w2 } = twoLayers();
  const before = graph.nodes.length;
  gradients(graph, loss, [w2]);
  const top = graph.nodes.slice(before).map(({ op }) => op);
  assert.equal(top.filter((op) => op === "MatMul").length, 1);
  const all = graph.nodes.length;
  gradients(graph, loss, [w1, w2]);
  const whole = graph.nodes.slice(all).map(({ op }) => op);
  // Of the first layer the input needs none.
  assert.equal(whole.filter((op) => op === "MatMul").length, 3);
});

Deno.test("gradients: a value that is used twice gets both contributions", () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [2]);
  const build = new NodeBuilder(graph);
  const loss = build.sum(build.add(build.mul(x, x), x));
  for (const { error } of gradcheck(graph, loss, [x], { x: [0.3, -2] })) assert.ok(error < 1e-8);
});

Deno.test("gradients: what needs none may be of ops that have none", () => {
  const graph = new Graph();
  const build = new NodeBuilder(graph);
  const [x, z] = [graph.input("x", "f32", [2, 3]), graph.input("z", "f32", [1, 4, 3])];
  const most = graph.apply(ops.reduceMax, { x: z });
  const loss = build.sum(build.mul(x, build.reshape(most, [3])));
  const values = { x: [1, 2, 3, 4, 5, 6], z: [3, 1, 2, 0, 1, 1, 9, -1, 0, 1, 2, 3] };
  const [row] = gradcheck(graph, loss, [x], values);
  assert.ok(row.error < 1e-8, JSON.stringify(row));
  assert.deepEqual(gradients(graph, loss, [most])[0].shape, most.shape);
});

Deno.test("gradients: of a gradient", () => {
  const graph = new Graph();
  const build = new NodeBuilder(graph);
  const x = graph.input("x", "f32", [1, 4, 4, 2]);
  const weight = graph.input("w", "f32", [3, 2, 2, 2]);
  const y = build.graph.apply(ops.conv, { x, weight }, {});
  const [dw] = gradients(graph, build.sum(build.mul(y, y)), [weight]);
  const loss = build.sum(build.mul(dw, dw));
  const random = new Random(5);
  const draw = (n: number) => Float32Array.from({ length: n }, () => random.unit() - 0.5);
  for (const { error } of gradcheck(graph, loss, [x, weight], { x: draw(32), w: draw(24) })) {
    assert.ok(error < 1e-6, `${error}`);
  }
});

const refusals: readonly (readonly [what: string, code: string, make: () => unknown])[] = [
  ["a loss of several elements", "invalid_argument", () => {
    const { graph, y, w1 } = twoLayers();
    gradients(graph, y, [w1]);
  }],
  ["a cotangent of another shape", "shape_mismatch", () => {
    const { graph, y, w1, x } = twoLayers();
    gradients(graph, y, [w1], { cotangent: x });
  }],
  ["a tensor that the loss does not depend on", "invalid_argument", () => {
    const { graph, loss } = twoLayers();
    gradients(graph, loss, [graph.input("other", "f32", [1])]);
  }],
  ["a tensor behind a constant", "invalid_argument", () => {
    const graph = new Graph();
    const x = graph.input("x", "f32", [1]);
    gradients(graph, graph.apply(ops.detach, { x }), [x]);
  }],
  ["an op without a gradient", "unsupported", () => {
    const graph = new Graph();
    const [x, gamma] = [graph.input("x", "f32", [1, 2]), graph.input("gamma", "f32", [2])];
    const gate = graph.apply(ops.hgrnGate, { p: x, gamma, x }, { epsilon: 1e-6 });
    gradients(graph, new NodeBuilder(graph).sum(gate), [x]);
  }],
  ["moments", "unsupported", () => {
    const graph = new Graph();
    const x = graph.input("x", "f32", [3, 1]);
    const { y, mean } = graph.applyAll(ops.meanVarianceNormalization, { x }, { epsilon: 0 });
    const build = new NodeBuilder(graph);
    gradients(graph, build.add(build.sum(y), mean), [x]);
  }],
  ["a loss of another graph", "invalid_argument", () => {
    const [{ graph, w1 }, { loss }] = [twoLayers(), twoLayers()];
    gradients(graph, loss, [w1]);
  }],
  ["a tensor of another graph, whose id is one here, too", "invalid_argument", () => {
    const [{ graph, loss }, { w1 }] = [twoLayers(), twoLayers()];
    gradients(graph, loss, [w1]);
  }],
  ["a check of a loss of another graph", "invalid_argument", () => {
    const [{ graph, w1 }, { loss }] = [twoLayers(), twoLayers()];
    gradcheck(graph, loss, [w1], {});
  }],
  ["a check of a tensor of another graph", "invalid_argument", () => {
    const [{ graph, loss }, { w1 }] = [twoLayers(), twoLayers()];
    gradcheck(graph, loss, [w1], {});
  }],
  ["training with a loss of another graph", "invalid_argument", () => {
    const [{ graph }, { loss }] = [twoLayers(), twoLayers()];
    trainingGraph(graph, { loss, rate: 0.1 });
  }],
  ...[{ step: 0 }, { step: NaN }, { step: -1 }, { step: Infinity }, { elements: 0 }, { seed: NaN }]
    .map((options) =>
      [`a check with ${Object.entries(options)}`, "invalid_argument", () => {
        const { graph, loss, w1 } = twoLayers();
        gradcheck(graph, loss, [w1], {}, options);
      }] as const
    ),
  ["a check of a tensor without a name", "invalid_argument", () => {
    const { graph, loss, y } = twoLayers();
    gradcheck(graph, loss, [y], { x: new Float32Array(12) });
  }],
  ["a check of a loss of several elements", "invalid_argument", () => {
    const { graph, y, w1 } = twoLayers();
    gradcheck(graph, y, [w1], { x: new Float32Array(12) });
  }],
  ["a check with too few elements", "shape_mismatch", () => {
    const { graph, loss, w1 } = twoLayers();
    gradcheck(graph, loss, [w1], { x: new Float32Array(11) });
  }],
  ["a check with an unknown input", "not_found", () => {
    const { graph, loss, w1 } = twoLayers();
    gradcheck(graph, loss, [w1], { z: new Float32Array(12) });
  }],
  ["a program that trains, for engines that do not", "unsupported", () => {
    const { graph, loss } = twoLayers();
    graph.output("loss", loss);
    compile(graph);
  }],
];

for (const [what, code, make] of refusals) {
  Deno.test(`gradients refuse ${what}`, () => assert.throws(make, { code }));
}

Deno.test("gradcheck: a wrong gradient is seen, and NaN is", () => {
  const graph = new Graph();
  const build = new NodeBuilder(graph);
  const x = graph.input("x", "f32", [3]);
  // Detached where it should not be: x² has half its slope.
  const loss = build.sum(build.mul(x, graph.apply(ops.detach, { x })));
  const [wrong] = gradcheck(graph, loss, [x], { x: [1, 2, 3] });
  assert.ok(wrong.error > 0.4, `${wrong.error}`);
  const [nan] = gradcheck(graph, build.sum(build.unary(x, "log")), [x], { x: [1, -1, 1] });
  assert.ok(Number.isNaN(nan.error), JSON.stringify(nan));
});
