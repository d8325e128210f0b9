/** Outputs, vectors and operands of unusual kinds, fused and as the graph has them. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { compile } from "../../src/lower/compile.ts";

const floats = (n: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(i + 1));

function constant(graph: Graph, ...shape: number[]): Value {
  const data = floats(shape.reduce((a, b) => a * b, 1));
  return graph.constant("", { dtype: "f32", shape, data });
}

/** The outputs of a graph, which are the same on two engines and with taps of all that has a name. */
async function outputsOf(graph: Graph): Promise<Record<string, unknown>> {
  return await resultsOf(graph).catch((error) => assert.fail(`Cannot run the graph: ${error}`));
}

async function resultsOf(graph: Graph): Promise<Record<string, unknown>> {
  const taps = { entry: "main", values: new Map<string, Value>() };
  const results: Record<string, unknown>[] = [];
  for (const program of [compile(graph), compile(graph, { taps })]) {
    for (const engine of ["reference", "wasm"] as const) {
      using instance = await load(program, { engine });
      const outputs = instance.runSync({ x: floats(16) });
      results.push(Object.fromEntries(
        Object.entries(outputs).map((
          [name, { shape, data }],
        ) => [name, { shape, data: [...data as Float32Array] }]),
      ));
    }
  }
  for (const result of results) assert.deepEqual(result, results[0]);
  return results[0];
}

Deno.test("one value under two names", async () => {
  const graph = new Graph();
  const y = graph.apply(ops.gelu, { x: graph.input("x", "f32", [2, 8]) });
  graph.output("y", y);
  graph.output("z", y);
  const outputs = await outputsOf(graph);
  assert.deepEqual(outputs.y, outputs.z);
});

Deno.test("a layer that a sum reads twice", async () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [2, 8]);
  const layer = graph.apply(ops.linear, { x, weight: constant(graph, 8, 8) });
  const ternary = graph.apply(ops.bitLinear, {
    x,
    gamma: constant(graph, 8),
    weight: graph.constant("", {
      dtype: "i8",
      shape: [8, 8],
      data: Int8Array.from({ length: 64 }, (_, i) => i % 3 - 1),
    }),
    weightScale: constant(graph, 1),
  }, { epsilon: 1e-6 });
  graph.output("linear", graph.apply(ops.add, { a: layer, b: layer }));
  graph.output("ternary", graph.apply(ops.add, { a: ternary, b: ternary }));
  await outputsOf(graph);
});

Deno.test("vectors are one row", async () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [16]);
  const layer = graph.apply(ops.linear, { x, weight: constant(graph, 16, 16) });
  graph.output("sum", graph.apply(ops.add, { a: layer, b: x }));
  graph.output(
    "norm",
    graph.apply(ops.layerNormalization, { x, scale: constant(graph, 16) }, {
      epsilon: 1e-5,
    }),
  );
  graph.output("slice", graph.apply(ops.sliceColumns, { x }, { start: 3, end: 5 }));
  graph.output("softmax", graph.apply(ops.softmax, { x }));
  const outputs = await outputsOf(graph);
  assert.deepEqual(outputs.slice, { shape: [2], data: [...floats(16).slice(3, 5)] });
});

Deno.test("outputs that nothing computes: inputs, constants, states, parameters, scalars", async () => {
  const graph = new Graph();
  const data = Int32Array.of(5, 6);
  graph.output("input", graph.input("x", "f32", [2, 8]));
  graph.output("constant", constant(graph, 3));
  graph.output("state", graph.state("s", "i32", [2], data));
  graph.output("parameter", graph.parameter("p", { dtype: "i32", shape: [2], data }));
  graph.output("scalar", graph.parameter("one", { dtype: "f32", shape: [], data: floats(1) }));
  assert.deepEqual(await outputsOf(graph), {
    input: { shape: [2, 8], data: [...floats(16)] },
    constant: { shape: [3], data: [...floats(3)] },
    state: { shape: [2], data: [5, 6] },
    parameter: { shape: [2], data: [5, 6] },
    scalar: { shape: [1], data: [...floats(1)] },
  });
});

Deno.test("taps show a graph with an activation", async () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [2, 8]);
  const inner = graph.apply(ops.activation, { x }, { kind: "relu" }, { output: "inner" });
  graph.output("y", graph.apply(ops.linear, { x: inner, weight: constant(graph, 3, 8) }));
  await outputsOf(graph);
  const values = new Map([["tap", inner]]);
  using instance = await load(compile(graph, { taps: { entry: "main", values } }));
  const { tap } = instance.runSync({ x: floats(16) });
  assert.deepEqual([...tap.data as Float32Array], [...floats(16).map((v) => Math.max(0, v))]);
});

Deno.test("weights that are not constant are refused: nothing stands for them", () => {
  const kinds: readonly ((graph: Graph) => Value)[] = [
    (graph) => graph.parameter("w", { dtype: "f32", shape: [3, 8], data: floats(24) }),
    (graph) => graph.state("w", "f32", [3, 8], floats(24)),
    (graph) => graph.input("w", "f32", [3, 8]),
    (graph) => graph.apply(ops.gelu, { x: constant(graph, 3, 8) }, {}, { output: "w" }),
  ];
  for (const weightOf of kinds) {
    const graph = new Graph();
    const x = graph.input("x", "f32", [2, 8]);
    graph.output("y", graph.apply(ops.linear, { x, weight: weightOf(graph) }));
    assert.throws(() => compile(graph), {
      code: "unsupported",
      message: /weight "w" is not constant/,
    });
  }
});

Deno.test("what callers give or keep needs a name once it is read", () => {
  const kinds: readonly ((graph: Graph) => Value)[] = [
    (graph) => graph.input("", "f32", [8]),
    (graph) => graph.state("", "f32", [8]),
    (graph) => graph.parameter("", { dtype: "f32", shape: [8], data: floats(8) }),
  ];
  for (const make of kinds) {
    const graph = new Graph();
    graph.output("y", graph.apply(ops.add, { a: graph.input("x", "f32", [2, 8]), b: make(graph) }));
    assert.throws(() => compile(graph), { code: "invalid_argument", message: /needs a name/ });
  }
});

Deno.test("a row of relative positions that the table does not have is refused", () => {
  for (const row of [5, -1]) {
    const graph = new Graph();
    const data = Int32Array.of(0, 1, 4, row);
    const index = graph.constant("", { dtype: "i32", shape: [4], data });
    const table = constant(graph, 5, 2);
    graph.output("y", graph.apply(ops.relativePositionBias, { table, index }));
    assert.throws(() => compile(graph), {
      code: "invalid_argument",
      message: `Cannot pick row ${row} of a table of relative positions: it has 5`,
    });
  }
});

Deno.test("attention of other widths or with another bias is not one instruction", () => {
  for (const [width, bias] of [[4, undefined], [8, [4]], [8, [2, 4, 4]]] as const) {
    const graph = new Graph();
    const x = graph.input("x", "f32", [1, 4, 8]);
    const scores = graph.apply(ops.attentionScores, { q: x, k: x }, { heads: 2, scale: 1 });
    const sum = bias === undefined
      ? scores
      : graph.apply(ops.add, { a: scores, b: constant(graph, ...bias) });
    const p = graph.apply(ops.softmax, { x: sum });
    const v = graph.apply(ops.sliceColumns, { x }, { start: 0, end: width });
    graph.output("y", graph.apply(ops.attentionValues, { p, v }));
    if (bias?.length === 3) assert.equal(compile(graph).instructions.length, 1);
    else assert.throws(() => compile(graph), { code: "unsupported" });
  }
});
