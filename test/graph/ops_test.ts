/** Ops refuse inputs that do not fit, by name. */
import assert from "node:assert/strict";
import { Graph } from "../../src/graph/graph.ts";
import type { Extent, Value } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import type { DType } from "../../src/tensor.ts";

type Make = (graph: Graph, of: (dtype: DType, ...shape: Extent[]) => Value) => unknown;

const SHAPES: readonly (readonly [op: string, make: Make])[] = [
  ["Add", (g, of) => g.apply(ops.add, { a: of("f32", 2, 3), b: of("f32", 2) })],
  ["Add", (g, of) => g.apply(ops.add, { a: of("f32", 3), b: of("f32", 2, 3) })],
  ["Linear", (g, of) => g.apply(ops.linear, { x: of("f32", 2, 3), weight: of("f32", 3, 2) })],
  [
    "Linear",
    (g, of) =>
      g.apply(ops.linear, { x: of("f32", 2, 3), weight: of("f32", 4, 3), bias: of("f32", 3) }),
  ],
  [
    "LayerNormalization",
    (g, of) =>
      g.apply(ops.layerNormalization, { x: of("f32", 2, 3), scale: of("f32", 2) }, { epsilon: 0 }),
  ],
  [
    "SliceColumns",
    (g, of) => g.apply(ops.sliceColumns, { x: of("f32", 2, 3) }, { start: 1, end: 4 }),
  ],
  [
    "SliceColumns",
    (g, of) => g.apply(ops.sliceColumns, { x: of("f32", 2, 3) }, { start: 2, end: 2 }),
  ],
  ["SelectRow", (g, of) => g.apply(ops.selectRow, { x: of("f32", 2, 3) }, { row: 2 })],
  ["Reshape", (g, of) => g.apply(ops.reshape, { x: of("f32", 2, 3) }, { shape: [3, 3] })],
  [
    "ConcatRows",
    (g, of) => g.apply(ops.concatRows, { first: of("f32", 1, 4), x: of("f32", 2, 5, 3) }),
  ],
  ["GatherRows", (g, of) => g.apply(ops.gatherRows, { x: of("f32", 2, 3), index: of("i32", 1) })],
  [
    "Patches",
    (g, of) =>
      g.apply(ops.patches, { x: of("f32", 1, 3, 4, 6) }, { patch: 4, order: "channels_first" }),
  ],
  [
    "AttentionScores",
    (g, of) =>
      g.apply(ops.attentionScores, { q: of("f32", 1, 2, 6), k: of("f32", 1, 3, 6) }, {
        heads: 4,
        scale: 1,
      }),
  ],
  [
    "AttentionValues",
    (g, of) => g.apply(ops.attentionValues, { p: of("f32", 1, 2, 3, 4), v: of("f32", 1, 3, 6) }),
  ],
  [
    "Softmax",
    (g, of) => g.apply(ops.softmax, { x: of("f32", 1, 2, 3, 4), mask: of("u8", 1, 4, 3) }),
  ],
  ["Requantize", (g, of) =>
    g.apply(ops.requantize, {
      x: of("i32", 2, 3),
      multiplier: of("i32", 1),
      shift: of("i32", 1),
      identity: of("i8", 2),
    }, { to: "i8" })],
  ["Lookup", (g, of) => g.apply(ops.lookup, { x: of("i8", 2, 3), table: of("i8", 1, 255) })],
  ["SwiGlu", (g, of) => g.apply(ops.swiglu, { gate: of("f32", 2, 3), up: of("f32", 3) })],
  ["BitLinear", (g, of) =>
    g.apply(ops.bitLinear, {
      x: of("f32", 2, 3),
      gamma: of("f32", 3),
      weight: of("i8", 4, 3),
      weightScale: of("f32", 4),
    }, { epsilon: 0 })],
  ["HgrnScan", (g, of) =>
    g.apply(ops.hgrnScan, {
      u: of("f32", 5, 3),
      z: of("f32", 5, 3),
      offsets: of("i32", 3),
      slot: of("i32", 2),
      past: of("i32", 3),
      state: of("f32", 4, 3),
    })],
  ["Rotary", (g, of) => g.apply(ops.rotary, { x: of("f32", 5, 6), angles: of("f32", 5, 2, 2) })],
  ["Rotary", (g, of) => g.apply(ops.rotary, { x: of("f32", 5, 8), angles: of("f32", 4, 2, 2) })],
  ["RotaryAngles", (g, of) =>
    g.apply(ops.rotaryAngles, {
      ids: of("i32", 5),
      frequency: of("i32", 2, 2),
      offsets: of("i32", 3),
      past: of("i32", 2),
    })],
  ["LinearShifted", (g, of) =>
    g.apply(ops.linearShifted, {
      x: of("i8", 2, 3),
      weight: of("i8", 4, 3),
      multiplier: of("i32", 3),
      shift: of("i32", 1),
    }, { bits: 8 })],
  ["RmsNormInteger", (g, of) =>
    g.apply(ops.rmsNormInteger, {
      x: of("i32", 2, 3),
      epsilon: of("i32", 1),
      gain: of("i32", 2),
      shift: of("i32", 1),
      zeroPoint: of("i32", 1),
    }, { bits: 8 })],
  [
    "RotaryInteger",
    (g, of) => g.apply(ops.rotaryInteger, { x: of("i16", 5, 6), angles: of("i16", 5, 2, 2) }),
  ],
  ...([[6, 4, 2], [8, 6, 3], [8, 4, 3]] as const).map(([c, k, kvHeads]): [string, Make] => [
    "AttentionCached",
    (g, of) =>
      g.apply(ops.attentionCached, {
        q: of("f32", 5, c),
        k: of("f32", 5, k),
        v: of("f32", 5, k),
        offsets: of("i32", 3),
        slot: of("i32", 2),
        past: of("i32", 2),
        keys: of("f32", 3, 10, k),
        values: of("f32", 3, 10, k),
      }, { kvHeads, scale: 1 }),
  ]),
];

SHAPES.forEach(([op, make], i) => {
  Deno.test(`shapes of ${op} that do not fit are refused (${i})`, () => {
    const graph = new Graph();
    assert.throws(() => make(graph, (dtype, ...shape) => graph.input("", dtype, shape)), {
      code: "shape_mismatch",
      message: new RegExp(`^${op}: shapes do not fit`),
    });
    assert.equal(graph.nodes.length, 0);
  });
});

const TYPES: readonly (readonly [op: string, make: Make])[] = [
  ["Add", (g, of) => g.apply(ops.add, { a: of("f32", 2), b: of("i8", 2) })],
  ["Linear", (g, of) => g.apply(ops.linear, { x: of("f32", 2, 3), weight: of("i8", 4, 3) })],
  [
    "LinearInteger",
    (g, of) => g.apply(ops.linearInteger, { x: of("i32", 2, 3), weight: of("i8", 4, 3) }),
  ],
  [
    "ConcatRows",
    (g, of) => g.apply(ops.concatRows, { first: of("i8", 1, 3), x: of("i16", 2, 5, 3) }),
  ],
  [
    "DequantizeLinear",
    (g, of) => g.apply(ops.dequantizeLinear, { x: of("f32", 2), scale: of("f32", 1) }),
  ],
  ["Embedding", (g, of) => g.apply(ops.embedding, { table: of("i8", 2, 3), index: of("i32", 4) })],
  ["Rotary", (g, of) => g.apply(ops.rotary, { x: of("i32", 5, 4), angles: of("f32", 5, 2, 2) })],
];

for (const [op, make] of TYPES) {
  Deno.test(`types of ${op} that do not fit are refused`, () => {
    const graph = new Graph();
    assert.throws(() => make(graph, (dtype, ...shape) => graph.input("", dtype, shape)), {
      code: "dtype_mismatch",
      message: new RegExp(`^${op}: expected`),
    });
  });
}

Deno.test("symbolic extents go through: rows of sequences, patches, sums by text", () => {
  const graph = new Graph();
  const batch = graph.symbol("batch", 8);
  const twice = { ...batch, factor: 2 };
  const image = graph.input("image", "f32", [batch, 3, 4, 6]);
  const patches = graph.apply(ops.patches, { x: image }, { patch: 2, order: "channels_first" });
  assert.deepEqual(patches.shape, [batch, 6, 12]);
  const x = graph.apply(ops.reshape, { x: patches }, { shape: [twice, 3, 12] });
  assert.deepEqual(graph.apply(ops.meanRows, { x }).shape, [twice, 12]);
  const offsets = graph.input("offsets", "i32", [{ ...batch, plus: 1 }]);
  const rows = graph.input("rows", "i8", [9, 4]);
  const pooled = graph.apply(ops.poolRows, { x: rows, offsets }, { pooling: "sum" });
  assert.deepEqual([pooled.dtype, pooled.shape], ["i32", [batch, 4]]);
});
