/**
 * Rules of the rewriter on values that lie on their grids, so that layers are exact in float64 too: the
 * codes have to be the real results, divided by the scale and rounded.
 */
import assert from "node:assert/strict";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { Random } from "../conformance/_random.ts";
import { rewriteIntegers } from "../../src/quantize/rewriter.ts";
import { assertNear, codesOf, constant, integers, methodOf, runIntegers } from "./_method.ts";

const [B, L, C] = [2, 3, 8];
const random = new Random(53);
/** Random multiples of a step; the largest of each row of `columns` is 127 of them. */
function onGrid(count: number, step: number, columns = count): number[] {
  return Array.from(
    { length: count },
    (_, i) => step * (i % columns === 0 ? 127 : random.integer(-127, 127)),
  );
}

const STEP = 2 ** -5;
const x = onGrid(B * L * C, STEP);
const X = { bits: 8 } as const;
const row = (data: readonly number[], r: number, columns = C) =>
  data.slice(r * columns, (r + 1) * columns);
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((s, v, i) => s + v * b[i], 0);

function input(graph: Graph): Value {
  return graph.input("x", "f32", [B, L, C]);
}

const weights = onGrid(4 * C, 2 ** -7, C);
const bias = Array.from({ length: 4 }, () => random.integer(-900, 900) * STEP * 2 ** -7);

function linear(graph: Graph, value: Value, output = "y"): Value {
  return graph.apply(
    ops.linear,
    {
      x: value,
      weight: constant(graph, `${output}.weight`, [4, C], weights),
      bias: constant(graph, `${output}.bias`, [4], bias),
    },
    {},
    { name: output, output },
  );
}

const product = Array.from(
  { length: B * L * 4 },
  (_, i) => dot(row(x, Math.floor(i / 4)), row(weights, i % 4)) + bias[i % 4],
);

const f32 = Float32Array.from(x);

Deno.test("linear: sums with scales of channels and a bias, put on the grid of the result", async () => {
  for (const bits of [8, 16] as const) {
    const graph = new Graph();
    graph.output("y", linear(graph, input(graph)));
    const scale = bits === 8 ? 2 ** -1 : 2 ** -9;
    const network = integers(graph, { x: X, y: { bits } });
    const { y } = await runIntegers(network, { x: STEP, y: scale }, { x: f32 });
    assert.deepEqual(y, codesOf(product, scale, bits));
  }
});

Deno.test("linear: without a grid its result stays sums, exact", async () => {
  const graph = new Graph();
  graph.output("y", linear(graph, input(graph)));
  const outputs = await runIntegers(integers(graph, { x: X }), { x: STEP }, { x: f32 });
  assert.deepEqual(outputs["y.scale"], Array(4).fill(STEP * 2 ** -7));
  assert.deepEqual(outputs.y.map((code) => code * STEP * 2 ** -7), product);
});

Deno.test("linear: 7 bits have codes of −63 … 63", async () => {
  const graph = new Graph();
  const coarse = weights.map((w) => Math.round(w * 63));
  const weight = constant(graph, "w", [4, C], coarse.map((w) => w / 64));
  graph.output(
    "y",
    graph.apply(ops.linear, { x: input(graph), weight }, {}, {
      name: "layer",
      output: "y",
    }),
  );
  const network = integers(graph, { x: X }, { weightBits: 7 });
  const outputs = await runIntegers(network, { x: STEP }, { x: f32 });
  assertNear(
    outputs.y.map((code, i) => code * outputs["y.scale"][i % 4]),
    Array.from(
      { length: B * L * 4 },
      (_, i) => dot(row(x, Math.floor(i / 4)), row(coarse.map((w) => w / 64), i % 4)),
    ),
    // Half a step of a weight times Σ|x|.
    C * 127 * STEP * 0.5 / 63,
  );
});

Deno.test("linear: what channels were divided by, columns of weights are multiplied by", async () => {
  const graph = new Graph();
  const first = graph.apply(ops.identity, { x: input(graph) }, {}, { output: "z" });
  graph.output("y", linear(graph, first));
  const divisors = Float32Array.of(2, 0.5, 1, 4, 1, 0.25, 1, 2);
  const network = integers(graph, { x: X, z: { bits: 16, divisors }, y: { bits: 16 } });
  const scales = { x: STEP, z: STEP / 8, y: 2 ** -9 };
  const { y } = await runIntegers(network, scales, { x: f32 });
  // Columns are no longer on the grid of their row: half a step of the largest weight each.
  const step = 4 * 127 * 2 ** -7 / 127;
  const bound = step / 2 * 127 * STEP * divisors.reduce((sum, d) => sum + 1 / d, 0);
  assertNear(y.map((code) => code * 2 ** -9), product, bound + 2 ** -10);
  const { tensor } = [...network.graph.constants.values()].find(({ value }) =>
    value.shape[0] === 4
  )!;
  const most = Math.max(...row(weights, 0).map((w, k) => Math.abs(w * divisors[k])));
  assert.deepEqual(
    [...row(Array.from(tensor(new Map()).data as Int8Array), 0)],
    codesOf(row(weights, 0).map((w, k) => w * divisors[k]), Math.fround(most / 127), 8),
  );
});

Deno.test("linear: weights that are tiny beside their bias get a larger scale", async () => {
  const graph = new Graph();
  const weight = constant(graph, "w", [1, C], onGrid(C, 2 ** -40));
  const warnings: string[] = [];
  graph.output(
    "y",
    graph.apply(
      ops.linear,
      { x: input(graph), weight, bias: constant(graph, "b", [1], [300]) },
      {},
      {
        name: "layer",
        output: "y",
      },
    ),
  );
  const network = integers(graph, { x: X, y: { bits: 16 } }, { warn: (m) => warnings.push(m) });
  const { y } = await runIntegers(network, { x: STEP, y: 2 ** -6 }, { x: f32 });
  assertNear(y, Array(B * L).fill(300 * 2 ** 6), 1);
  // So they follow from the scale of x.
  const [layer] = network.graph.nodes.filter(({ op }) => op === "LinearInteger");
  assert.deepEqual(network.graph.constants.get(layer.inputs.weight!.id)!.derivedFrom, ["x"]);
  assert.ok(warnings.length >= 1 && warnings.every((m) => m.includes("layer.weight[0]")));
});

Deno.test("layers that read a site are known by it, with float weights", () => {
  const graph = new Graph();
  const z = graph.apply(ops.identity, { x: input(graph) }, {}, { output: "z" });
  graph.output("one", linear(graph, z, "one"));
  graph.output("two", linear(graph, z, "two"));
  const { readers } = integers(graph, { x: X, z: X });
  assert.deepEqual([...readers.keys()], ["z"]);
  assert.deepEqual(readers.get("z")!.map(({ data }) => [...data]), [weights, weights]);
});

Deno.test("add: both arms are put on the grid of the sum, each rounded on its own", async () => {
  const graph = new Graph();
  const value = input(graph);
  const b = graph.apply(ops.identity, { x: value }, {}, { output: "b" });
  graph.output("y", graph.apply(ops.add, { a: value, b }, {}, { output: "y" }));
  const network = integers(graph, { x: X, b: { bits: 16 }, y: { bits: 8 } });
  const scales = { x: STEP, b: 2 ** -7, y: 2 ** -3 };
  const { y } = await runIntegers(network, scales, { x: f32 });
  const arm = codesOf(x, 2 ** -3, 16);
  assert.deepEqual(y, codesOf(arm.map((code) => 2 * code), 1, 8));
});

Deno.test("add: a constant has a grid of its own", async () => {
  const graph = new Graph();
  const c = onGrid(C, 2 ** -4);
  const b = constant(graph, "c", [C], c);
  graph.output("y", graph.apply(ops.add, { a: input(graph), b }, {}, { output: "y" }));
  const network = integers(graph, { x: X, c: { bits: 8 }, y: { bits: 16 } });
  const { y } = await runIntegers(network, { x: STEP, c: 2 ** -4, y: 2 ** -6 }, { x: f32 });
  assert.deepEqual(y, x.map((value, i) => (value + c[i % C]) * 2 ** 6));
  assert.deepEqual(network.sites.map(({ site: { name } }) => name), ["x", "c", "y"]);
});

Deno.test("layer norm: within the grid of a real one, γ and β in the scales", async () => {
  const [gamma, beta] = [onGrid(C, 1 / 100), onGrid(C, 1 / 300)];
  const graph = new Graph();
  graph.output(
    "y",
    graph.apply(
      ops.layerNormalization,
      {
        x: graph.apply(ops.identity, { x: input(graph) }, {}, { output: "z" }),
        scale: constant(graph, "g", [C], gamma),
        bias: constant(graph, "b", [C], beta),
      },
      { epsilon: 1e-6 },
      { name: "norm", output: "y" },
    ),
  );
  const network = integers(graph, { x: X, z: { bits: 16 }, y: { bits: 16 } });
  const scales = { x: STEP, z: STEP / 128, y: 2 ** -10 };
  const { y } = await runIntegers(network, scales, { x: f32 });
  const real = Array.from({ length: B * L }, (_, r) => {
    const values = row(x, r);
    const mean = dot(values, Array(C).fill(1 / C));
    const deviation = Math.sqrt(dot(values, values) / C - mean ** 2);
    return values.map((value, c) => (value - mean) / deviation * gamma[c] + beta[c]);
  }).flat();
  // The mean is rounded to a code: half of one beside a deviation of some 4,000.
  assertNear(y.map((code) => code * 2 ** -10), real, 2 ** -11 + 1.27 * 0.5 / 1000);
});

Deno.test("norms with an epsilon that counts are refused", () => {
  const graph = new Graph();
  const scale = constant(graph, "g", [C], Array(C).fill(1));
  graph.output(
    "y",
    graph.apply(ops.layerNormalization, { x: input(graph), scale }, { epsilon: 0.1 }, {
      name: "norm",
    }),
  );
  assert.throws(() => integers(graph, { x: X }), { message: /norm: its epsilon/ });
});

Deno.test("GELU in 8 and 12 bits is the nearest code of each", async () => {
  const erf = (z: number) => {
    let sum = 0;
    for (let i = 0; i < 4000; i++) sum += Math.exp(-((z * (i + 0.5) / 4000) ** 2)) * z / 4000;
    return 2 / Math.sqrt(Math.PI) * sum;
  };
  for (const bits of [8, 12] as const) {
    const graph = new Graph();
    const z = graph.apply(ops.identity, { x: input(graph) }, {}, { output: "z" });
    graph.output("y", graph.apply(ops.gelu, { x: z }, {}, { output: "y" }));
    const scale = 4 / 2 ** (bits - 1);
    const network = integers(graph, { x: X, z: { bits }, y: { bits } });
    const { y } = await runIntegers(network, { x: STEP, z: STEP, y: scale }, { x: f32 });
    const real = x.map((value) => value / 2 * (1 + erf(value / Math.SQRT2)));
    const most = 2 ** (bits - 1) - 1;
    assertNear(y, real.map((value) => Math.min(most, value / scale)), 0.5 + 1e-6);
  }
});

Deno.test("an activation of divided channels has a table for each", async () => {
  const graph = new Graph();
  const z = graph.apply(ops.identity, { x: input(graph) }, {}, { output: "z" });
  graph.output("y", graph.apply(ops.activation, { x: z }, { kind: "relu" }, { output: "y" }));
  const before = Float32Array.of(1, 2, 4, 1, 1, 2, 0.5, 1);
  const after = Float32Array.of(2, 1, 1, 1, 4, 1, 1, 0.5);
  const network = integers(graph, {
    x: X,
    z: { bits: 8, divisors: before },
    y: { bits: 8, divisors: after },
  });
  const { y } = await runIntegers(network, { x: STEP, z: STEP, y: STEP }, { x: f32 });
  const codes = x.map((value, i) => codesOf([value / before[i % C]], STEP, 8)[0]);
  assert.deepEqual(
    y,
    codes.map((code, i) => codesOf([Math.max(0, code) * before[i % C] / after[i % C]], 1, 8)[0]),
  );
});

Deno.test("ShiftGELU is within the paper's approximation", async () => {
  const graph = new Graph();
  graph.output("y", graph.apply(ops.gelu, { x: input(graph) }, {}, { name: "g", output: "y" }));
  const network = integers(graph, { x: X, y: { bits: 16 } }, { nonlinear: "shift" });
  const { y } = await runIntegers(network, { x: STEP, y: 2 ** -8 }, { x: f32 });
  const real = x.map((value) => value / (1 + Math.exp(-1.702 * value)));
  assertNear(y.map((code) => code * 2 ** -8), real, 0.2);
  assert.ok(network.taps.has("g"));
});

Deno.test("means are rounded half to even, selections, slices and reshapes move codes", async () => {
  const graph = new Graph();
  const value = input(graph);
  const index = graph.constant("i", { dtype: "i32", shape: [2], data: Int32Array.of(2, 0) });
  const gathered = graph.apply(ops.gatherRows, { x: value, index });
  graph.output("gathered", gathered);
  graph.output("row", graph.apply(ops.selectRow, { x: value }, { row: 1 }));
  graph.output("slice", graph.apply(ops.sliceColumns, { x: gathered }, { start: 2, end: 5 }));
  graph.output("shaped", graph.apply(ops.reshape, { x: gathered }, { shape: [B * 2, C] }));
  graph.output("mean", graph.apply(ops.meanRows, { x: value }, {}, { output: "mean" }));
  const outputs = await runIntegers(integers(graph, { x: X }), { x: STEP }, { x: f32 });
  const code = (b: number, l: number, c: number) => x[(b * L + l) * C + c] / STEP;
  const all = (rows: number[], columns: number[]) =>
    [0, 1].flatMap((b) => rows.flatMap((l) => columns.map((c) => code(b, l, c))));
  const columns = [...Array(C).keys()];
  assert.deepEqual(outputs.gathered, all([2, 0], columns));
  assert.deepEqual(outputs.shaped, all([2, 0], columns));
  assert.deepEqual(outputs.row, all([1], columns));
  assert.deepEqual(outputs.slice, all([2, 0], [2, 3, 4]));
  assert.deepEqual(
    outputs.mean,
    codesOf(
      [0, 1].flatMap((b) => columns.map((c) => code(b, 0, c) + code(b, 1, c) + code(b, 2, c))),
      3,
      8,
    ),
  );
  assert.deepEqual(outputs["mean.scale"], [STEP]);
});

Deno.test("sites, readers and taps are those of the last entry", () => {
  const graph = new Graph();
  // Bytes of pixels have their channels last.
  const image = graph.input("x", "f32", [1, C, 2, C]);
  const z = graph.apply(ops.gelu, { x: image }, {}, { name: "g", output: "z" });
  graph.output("first", linear(graph, z), "first");
  graph.output("second", linear(graph, image, "w"), "second");
  const network = rewriteIntegers(graph, methodOf({ x: X, z: X }, { nonlinear: "shift" }), [
    { from: "first", to: "a", pixelTable: new Float32Array(C * 256) },
    { from: "second", to: "b" },
  ]);
  assert.deepEqual(network.sites.map(({ site: { name } }) => name), ["x"]);
  assert.deepEqual([...network.readers.keys()], ["x"]);
  assert.deepEqual([...network.taps.keys()], ["x"]);
  assert.deepEqual([...new Set(network.graph.outputs.map(({ entry }) => entry))], ["a", "b"]);
});

Deno.test("a value on two grids has codes on both", async () => {
  const graph = new Graph();
  const z = graph.apply(ops.identity, { x: input(graph) }, {}, { output: "z" });
  graph.output("y", linear(graph, z));
  graph.output("z", z);
  const method = { x: X, z: { bits: 16 } } as const;
  const network = integers(graph, method);
  assert.deepEqual(network.sites.map(({ site: { name } }) => name), ["x", "z"]);
  const outputs = await runIntegers(network, { x: STEP, z: STEP / 4 }, { x: f32 });
  assert.deepEqual(outputs.z, x.map((value) => value * 4 / STEP));
});
