/** Activations become tables, slopes and distances; everything else stays. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import { expandActivations } from "../../src/graph/expand_activations.ts";
import { Graph } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { attempt } from "../_attempt.ts";
import { lowered } from "../lower/_check.ts";

/** Each function, and the bound of the pass: max|f''|·s²/8, s = 2^-7, plus what float32 rounds. */
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const SMOOTH = {
  silu: [(x: number) => x * sigmoid(x), 0.5],
  tanh: [Math.tanh, 0.77],
  sigmoid: [sigmoid, 0.1],
  gelu_tanh: [
    (x: number) => x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
    0.81,
  ],
} as const;

async function values(kind: string, x: Float32Array): Promise<Float32Array> {
  const graph = new Graph();
  const input = graph.input("x", "f32", [1, x.length]);
  graph.output("y", graph.apply(ops.activation, { x: input }, { kind }));
  const expanded = attempt(() => expandActivations(graph));
  using instance = await load(lowered(expanded, true), { engine: "reference" });
  return instance.runSync({ x }).y.data as Float32Array;
}

for (const [kind, [f, curvature]] of Object.entries(SMOOTH)) {
  Deno.test(`${kind} is within the bound of its curvature, and straight beyond the table`, async () => {
    // Not on the points of the table: all distances from them.
    const x = Float32Array.from({ length: 4001 }, (_, i) => (i - 2000) * 0.0100037);
    const y = await values(kind, x);
    const bound = curvature * 2 ** -14 / 8;
    x.forEach((point, i) => {
      const error = Math.abs(y[i] - f(point));
      assert.ok(error <= bound + 2e-6, `${kind}(${point}) is ${y[i]}: off by ${error}`);
    });
  });
}

Deno.test("at a kink the error is the jump of the slope times a quarter step", async () => {
  const x = Float32Array.from({ length: 401 }, (_, i) => (i - 200) / 20_000);
  const y = await values("relu", x);
  x.forEach((point, i) => {
    const error = Math.abs(y[i] - Math.max(0, point));
    assert.ok(error <= (Math.abs(point) <= 2 ** -8 + 1e-6 ? 2 ** -9 : 1e-6), `${point}: ${error}`);
  });
});

Deno.test("beyond the table identity and ReLU are exact", async () => {
  const x = Float32Array.of(-1000, -16.5, 17, 123.25, 9999);
  assert.deepEqual([...await values("relu", x)].map(Math.abs), [0, 0, 17, 123.25, 9999]);
  assert.deepEqual([...await values("identity", x)], [...x]);
});

Deno.test("only activations are replaced, with their names, and functions share their tables", () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [2, 3]);
  const apply = (kind: string, output: string, value = x) =>
    graph.apply(ops.activation, { x: value }, { kind }, { name: `m.${output}`, output });
  const sum = graph.apply(
    ops.add,
    { a: apply("silu", "one"), b: apply("silu", "two", apply("tanh", "three")) },
    {},
    { name: "sum", output: "sum" },
  );
  graph.output("y", graph.apply(ops.gelu, { x: sum }), "other");
  const expanded = attempt(() => expandActivations(graph));
  const counts: Record<string, number> = {};
  for (const { op } of expanded.nodes) counts[op] = (counts[op] ?? 0) + 1;
  assert.equal(counts.Activation, undefined);
  // Each of three: codes; of tables those, f in two parts, the slope twice; two products.
  assert.deepEqual([counts.QuantizeLinear, counts.Lookup12, counts.SwiGlu, counts.Gelu], [
    3,
    15,
    6,
    1,
  ]);
  const named = expanded.nodes.flatMap(({ outputs }) => outputs.y.name || []);
  assert.deepEqual(named.sort(), ["one", "sum", "three", "two"]);
  assert.equal(expanded.nodes.find(({ name }) => name === "sum")?.op, "Add");
  const tables = [...expanded.constants.values()].filter(({ value }) => value.shape[0] === 4096);
  assert.equal(tables.length, 2 * 4);
  assert.deepEqual(expanded.inputs, graph.inputs);
  assert.deepEqual(expanded.outputs.map(({ name, entry }) => [name, entry]), [["y", "other"]]);
});

Deno.test("a graph without activations is left alone", () => {
  const graph = new Graph();
  graph.output("y", graph.apply(ops.gelu, { x: graph.input("x", "f32", [2]) }));
  assert.equal(expandActivations(graph), graph);
});
