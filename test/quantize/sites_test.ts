import assert from "node:assert/strict";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { scaleOfRange, SiteTable } from "../../src/quantize/sites.ts";
import type { Site, SiteOf, Use } from "../../src/quantize/sites.ts";

const graph = new Graph();
const floats = (...shape: number[]) => ({
  dtype: "f32" as const,
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
});
const x = graph.input("x", "f32", [1, 4, 6]);
const index = graph.constant("index", { dtype: "i32", shape: [2], data: Int32Array.of(0, 1) });
const weight = graph.constant("weight", floats(6, 6));
const named = (name: string) => ({ name, output: name });
const linear = (value: Value, name: string) =>
  graph.apply(ops.linear, { x: value, weight }, {}, named(name));

const a = linear(x, "a");
const gathered = graph.apply(ops.gatherRows, { x: a, index }, {}, named("gathered"));
const moved = graph.apply(ops.reshape, { x: gathered }, { shape: [2, 6] }, named("moved"));
const b = linear(moved, "b");
const norm = graph.apply(
  ops.layerNormalization,
  { x: moved, scale: graph.constant("gamma", floats(6)) },
  { epsilon: 0 },
  named("norm"),
);
const sum = graph.apply(ops.add, { a: b, b: norm }, {}, named("sum"));
const unused = linear(a, "unused");
graph.output("y", sum);
graph.output("shown", a);

const shown = (uses: readonly Use[]): string[] =>
  uses.map((use) => use.kind === "output" ? `output ${use.name}` : `${use.node.name}.${use.input}`);
const nodeOf = (value: Value) => graph.nodes.find(({ outputs }) => outputs.y === value)!;
const readerOf = (value: Value, input: string) =>
  ({ kind: "input", node: nodeOf(value), input }) as const;

/** Layers read 8 bits, all others 16 on a site of the value's own name; constants have none. */
const siteOf: SiteOf = ({ name, dtype }, use): Site | undefined => {
  if (dtype !== "f32" || ["weight", "gamma"].includes(name)) return undefined;
  if (use.kind === "output") return { name: `${name} out`, bits: 16 };
  return use.node.op === "Linear" ? { name: `${name} 8`, bits: 8 } : { name, bits: 16 };
};

Deno.test("uses are seen through moves, in order, and only those that outputs need", () => {
  const table = new SiteTable(graph, graph.outputs, siteOf);
  assert.deepEqual(shown(table.uses(a)), ["b.x", "norm.x", "output shown"]);
  assert.deepEqual(shown(table.uses(gathered)), ["b.x", "norm.x"]);
  assert.deepEqual(shown(table.uses(moved)), ["b.x", "norm.x"]);
  assert.deepEqual(shown(table.uses(sum)), ["output y"]);
  assert.deepEqual(shown(table.uses(x)), ["a.x"]);
  assert.deepEqual(shown(table.uses(unused)), []);
  // The index of a move is read by the move itself; a weight by each layer.
  assert.deepEqual(shown(table.uses(index)), ["gathered.index"]);
  assert.deepEqual(shown(table.uses(weight)), ["a.weight", "b.weight"]);
});

Deno.test("a site belongs to a value and a use: that of what was moved, not of the move", () => {
  const table = new SiteTable(graph, graph.outputs, siteOf);
  assert.deepEqual(table.at(readerOf(b, "x")), { name: "a 8", bits: 8 });
  assert.deepEqual(table.at(readerOf(norm, "x")), { name: "a", bits: 16 });
  assert.deepEqual(table.at({ kind: "output", name: "shown" }), { name: "a out", bits: 16 });
  assert.deepEqual(table.at(readerOf(sum, "b")), { name: "norm", bits: 16 });
  assert.equal(table.at(readerOf(b, "weight")), undefined);
  assert.equal(table.at(readerOf(norm, "scale")), undefined);
  assert.equal(table.at(readerOf(unused, "x")), undefined);
});

Deno.test("sites of a value: each once, in the order of their first readers", () => {
  const table = new SiteTable(graph, graph.outputs, siteOf);
  assert.deepEqual(table.of(a).map(({ name }) => name), ["a 8", "a", "a out"]);
  assert.deepEqual(table.of(weight), []);
  const one = new SiteTable(graph, graph.outputs, () => ({ name: "one", bits: 8 }));
  assert.equal(one.of(a).length, 1);
});

Deno.test("who makes a value and all that read it is told with each use", () => {
  const seen = new Map<string, string>();
  new SiteTable(graph, graph.outputs, (value, use, { producer, uses }) => {
    seen.set(`${value.name} → ${shown([use])}`, `${producer?.name} → ${shown(uses)}`);
    return undefined;
  });
  assert.equal(seen.get("a → norm.x"), "a → b.x,norm.x,output shown");
  assert.equal(seen.get("x → a.x"), "undefined → a.x");
  assert.equal(seen.get("weight → b.weight"), "undefined → a.weight,b.weight");
  assert.equal([...seen.keys()].some((key) => key.startsWith("moved")), false);
});

Deno.test("only what some outputs need is read", () => {
  const table = new SiteTable(graph, [graph.outputs[1]], siteOf);
  assert.deepEqual(shown(table.uses(a)), ["output shown"]);
  assert.deepEqual(table.of(moved), []);
});

Deno.test("the scale of a known range: its largest magnitude, or all of it with a zero point", () => {
  const { fround } = Math;
  assert.equal(scaleOfRange({ bits: 8, range: [-3, 12.7] }), fround(12.7 / 127));
  assert.equal(scaleOfRange({ bits: 8, range: [-12.7, 3] }), fround(12.7 / 127));
  assert.equal(scaleOfRange({ bits: 16, range: [-1, 1] }), fround(1 / 32767));
  assert.equal(scaleOfRange({ bits: 8, zeroPoint: -128, range: [0, 5.1] }), fround(5.1 / 255));
  assert.equal(scaleOfRange({ bits: 8, zeroPoint: 0, range: [-2, 3.1] }), fround(5.1 / 255));
});
