/** What lowering makes of a whole graph: entries, outputs, symbols, stored values, parameters. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { compile } from "../../src/lower/compile.ts";
import { lower } from "../../src/lower/lower.ts";
import type { CompiledProgram } from "../../src/program/program.ts";
import { attempt, attemptAsync } from "../_attempt.ts";
import { instructionsOf } from "./_check.ts";

const gelu = (graph: Graph, x: Value) => graph.apply(ops.gelu, { x });
const constant = (graph: Graph, shape: number[], value = 1) => {
  const length = shape.reduce((a, b) => a * b, 1);
  return graph.constant("", { dtype: "f32", shape, data: new Float32Array(length).fill(value) });
};
const loaded = (program: CompiledProgram) =>
  attemptAsync(() => load(program, { engine: "reference" }));
const tensor = ({ tensors }: CompiledProgram, name: string) =>
  tensors.find((other) => other.name === name)!;

Deno.test("entries compute what their outputs need, in instructions and memory of their own", async () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [2, 4]);
  const layer = (output: string) =>
    graph.apply(
      ops.bitLinear,
      {
        x,
        gamma: constant(graph, [4]),
        weight: graph.constant("", { dtype: "i8", shape: [3, 4], data: new Int8Array(12).fill(1) }),
        weightScale: constant(graph, [1]),
      },
      { epsilon: 0 },
      { output },
    );
  const shared = gelu(graph, x);
  const one = layer("one");
  graph.output("a", one, "first");
  graph.output("g", shared, "first");
  // A layer of both: each entry makes its codes.
  graph.output("b", one, "second");
  graph.output("h", gelu(graph, shared), "second");
  const { program } = attempt(() => lower(graph));
  assert.deepEqual(program.entries.map(({ name, count }) => [name, count]), [
    ["first", 3],
    ["second", 4],
  ]);
  using instance = await loaded(program);
  const values = Float32Array.from({ length: 8 }, (_, i) => i - 3);
  const first = attempt(() => instance.runSync({ x: values }, { entry: "first" }));
  const second = attempt(() => instance.runSync({ x: values }, { entry: "second" }));
  assert.deepEqual(Object.keys(first).sort(), ["a", "g"]);
  assert.deepEqual(Object.keys(second).sort(), ["b", "h"]);
  assert.deepEqual(first.a.data, second.b.data);
});

Deno.test("an output of one name in two entries is written by each", async () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [1, 2]);
  graph.output("y", gelu(graph, x), "gelu");
  graph.output("y", x, "copy");
  const { program } = attempt(() => lower(graph));
  assert.deepEqual(instructionsOf(program), ["gelu_f32", "copy"]);
  using instance = await loaded(program);
  const { y } = instance.runSync({ x: Float32Array.of(3, 4) }, { entry: "copy" });
  assert.deepEqual([...y.data as Float32Array], [3, 4]);
});

Deno.test("an output that is read, or named twice, is copied", async () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [1, 2]);
  const y = gelu(graph, x);
  graph.output("y", y);
  graph.output("z", y);
  graph.output("w", gelu(graph, y));
  const twice = gelu(graph, graph.apply(ops.add, { a: x, b: x }));
  graph.output("one", twice);
  graph.output("two", twice);
  const { program } = attempt(() => lower(graph));
  assert.deepEqual(instructionsOf(program), [
    "gelu_f32",
    "gelu_f32",
    "add_f32",
    "gelu_f32",
    "copy",
    "copy",
    "copy",
    "copy",
  ]);
  const written = program.views[program.instructions[1].operands[1]].tensor;
  assert.equal(program.tensors[written].name, "w");
  using instance = await loaded(program);
  const outputs = instance.runSync({ x: Float32Array.of(1, -1) });
  assert.deepEqual(outputs.y.data, outputs.z.data);
  assert.deepEqual(outputs.one.data, outputs.two.data);
});

Deno.test("a graph without outputs is refused, other outputs may be asked for", () => {
  const graph = new Graph();
  const y = gelu(graph, graph.input("x", "f32", [1, 2]));
  assert.throws(() => lower(graph), { code: "invalid_argument", message: /no output/ });
  const outputs = [{ name: "y", value: y, entry: "other" }];
  const { program } = attempt(() => lower(graph, { outputs }));
  assert.deepEqual(program.entries.map(({ name }) => name), ["other"]);
});

Deno.test("symbols: a bound at load time for each run-time one, with its default", () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [
    graph.symbol("batch", 64, 3),
    graph.loadSymbol("width", 9, 5),
  ]);
  graph.output("y", gelu(graph, x));
  const { symbols } = attempt(() => lower(graph)).program;
  assert.deepEqual(
    symbols.map(({ name, kind, min, default: value }) => [name, kind, min, value]),
    [["max_batch", "load", 1, 3], ["batch", "run", 1, 1], ["width", "load", 1, 5]],
  );
});

Deno.test("states and parameters: zeros, or the initial elements", async () => {
  const graph = new Graph();
  const [zero, state] = [
    graph.state("zero", "f32", [1, 2]),
    graph.state("state", "f32", [1, 2], Float32Array.of(5, 6)),
  ];
  const parameter = graph.parameter("p", {
    dtype: "f32",
    shape: [1, 2],
    data: Float32Array.of(7, 8),
  });
  const sum = graph.apply(ops.add, { a: zero, b: state });
  graph.output("y", graph.apply(ops.add, { a: sum, b: parameter }));
  const { program } = attempt(() => lower(graph));
  assert.deepEqual(
    ["zero", "state", "p"].map((name) => tensor(program, name)).map((t) => [t.region, t.encoding]),
    [["state", "zero"], ["state", "raw"], ["parameter", "raw"]],
  );
  using instance = await loaded(program);
  assert.deepEqual([...instance.runSync({}).y.data as Float32Array], [12, 14]);
});

Deno.test("constants that follow from scales: known ones are stored, else they are parameters", () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [1, 2]);
  const derived = graph.derived("f32", [2], ["s"], (scales) => ({
    dtype: "f32",
    shape: [2],
    data: new Float32Array(2).fill(scales.get("s")!),
  }));
  graph.output("y", graph.apply(ops.add, { a: x, b: derived }));
  const known = attempt(() => lower(graph, { scales: new Map([["s", 3]]) }));
  assert.deepEqual(known.derived, []);
  assert.equal(known.program.tensors.some(({ region }) => region === "parameter"), false);
  const open = attempt(() => lower(graph, { parameters: true }));
  assert.deepEqual(open.derived.map(({ value }) => value), [derived]);
  assert.equal(tensor(open.program, open.derived[0].name).region, "parameter");
});

Deno.test("a weight of 7 bits lies in panels of its own, and in each layout that is read once", () => {
  const graph = new Graph();
  const x = graph.input("x", "i8", [2, 4]);
  const weight = graph.constant("", { dtype: "i8", shape: [3, 4], data: new Int8Array(12) });
  const layer = (weightBits: 7 | 8) =>
    graph.apply(ops.linearInteger, { x, weight }, { weightBits });
  for (const [i, bits] of ([7, 8, 8] as const).entries()) graph.output(`y${i}`, layer(bits));
  const { program } = attempt(() => lower(graph));
  const layouts = program.tensors.filter(({ region }) => region === "constant")
    .map(({ layout }) => layout);
  assert.deepEqual(layouts.sort(), ["panel_8x4", "panel_8x4_u7"]);
});

Deno.test("an op without a rule is refused; a rule of one's own is used", () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [1, 2]);
  const twice = {
    name: "Twice",
    inputs: ["x"] as const,
    infer: ({ x: { dtype, shape } }: { x: Value }) => ({ y: { dtype, shape } }),
  };
  graph.output("y", graph.apply(twice, { x }));
  assert.throws(() => lower(graph), { code: "unsupported", message: "Cannot compile op Twice" });
  const { program } = attempt(() =>
    lower(graph, {
      rules: {
        Twice(lowering, { inputs, outputs: { y } }) {
          const a = lowering.operand(inputs.x!);
          lowering.emit(y, "add_f32", { a, b: a, y: lowering.result(y) });
        },
      },
    })
  );
  assert.deepEqual(instructionsOf(program), ["add_f32"]);
});

/** Two layers of which one row is looked at, and a second entry. */
function looked(): { graph: Graph; sum: Value; y: Value } {
  const graph = new Graph();
  const x = graph.input("x", "f32", [1, 3, 4]);
  const weight = constant(graph, [4, 4], 0.5);
  const inner = graph.apply(ops.linear, { x, weight });
  const sum = graph.apply(ops.add, { a: inner, b: x });
  const y = graph.apply(ops.selectRow, { x: sum }, { row: 1 });
  graph.output("y", y);
  graph.output("z", gelu(graph, x), "other");
  return { graph, sum, y };
}

Deno.test("views of views: a row of a slice of a slice, then a slice", async () => {
  const graph = new Graph();
  const slice = (x: Value, start: number, end: number) =>
    graph.apply(ops.sliceColumns, { x }, { start, end });
  const x = graph.input("x", "f32", [2, 3, 8]);
  const row = graph.apply(ops.selectRow, { x: slice(slice(x, 1, 8), 1, 6) }, { row: 2 });
  graph.output("y", gelu(graph, slice(row, 1, 3)));
  const { program } = attempt(() => lower(graph));
  assert.deepEqual(instructionsOf(program), ["gelu_f32"]);
  using instance = await loaded(program);
  // GELU of numbers above 10 is those numbers.
  const values = Float32Array.from({ length: 48 }, (_, i) => i + 10);
  const { y } = attempt(() => instance.runSync({ x: values }));
  assert.deepEqual([...y.data as Float32Array], [19, 20, 43, 44].map((i) => i + 10));
});

Deno.test("where values went: the instruction and the tensor of each", () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [2, 4]);
  const small = graph.apply(ops.softmax, { x });
  const wide = graph.apply(ops.linear, { x: small, weight: constant(graph, [9, 4]) });
  const moved = graph.apply(ops.reshape, { x: wide }, { shape: [9, 2] });
  const y = gelu(graph, moved);
  graph.output("y", y);
  const { program, instructions, tensors } = attempt(() => lower(graph));
  const names = instructionsOf(program);
  assert.deepEqual([small, wide, y].map(({ id }) => names[instructions.get(id)!]), [
    "softmax_f32",
    "linear_f32",
    "gelu_f32",
  ]);
  // Larger tensors come first in a file.
  for (const { id, shape } of [small, wide]) {
    assert.ok(tensors.has(id));
    const { region, extents } = program.tensors[tensors.get(id)!];
    assert.equal(region, "arena");
    assert.deepEqual(extents.map((e) => program.expressions[e].constant), shape);
  }
  assert.equal(program.tensors[tensors.get(y.id)!].name, "y");
  assert.deepEqual([instructions.has(moved.id), tensors.has(moved.id)], [false, false]);
});

Deno.test("compile() computes only rows that are looked at, fused, all entries", () => {
  const { graph } = looked();
  const program = attempt(() => compile(graph));
  assert.deepEqual(instructionsOf(program), ["linear_f32", "gelu_f32"]);
  const { tensor: written, extents } = program.views[program.instructions[0].operands.at(-1)!];
  assert.equal(program.tensors[written].name, "y");
  const one = program.expressions[extents.at(-2)!];
  assert.deepEqual([one.constant, one.terms.length], [1, 0]);
});

Deno.test("compile() with taps shows values of one entry, unfused, for all rows", async () => {
  const { graph, sum, y } = looked();
  const values = new Map([["sum", sum], ["y", y]]);
  const program = attempt(() => compile(graph, { taps: { entry: "main", values } }));
  assert.deepEqual(program.entries.map(({ name }) => name), ["main"]);
  assert.deepEqual(instructionsOf(program), ["linear_f32", "add_f32", "copy", "copy"]);
  using instance = await loaded(program);
  const x = Float32Array.from({ length: 12 }, (_, i) => i);
  const outputs = instance.runSync({ x });
  assert.deepEqual(Object.keys(outputs).sort(), ["sum", "y"]);
  assert.deepEqual(
    [...outputs.sum.data as Float32Array],
    [...x].map((value, i) => value + (Math.floor(i / 4) * 16 + 6) / 2),
  );
  assert.deepEqual([...outputs.y.data as Float32Array], [4, 5, 6, 7].map((v) => v + 11));
});
