/** What a graph refuses when it is told of it, from plain JavaScript as well. */
import assert from "node:assert/strict";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";

/** Names and values as they come without types. */
// deno-lint-ignore no-explicit-any
type Untyped = any;

/** A graph with an input x `[2, 8]` and images `[1, 1, 4, 4]`. */
function start() {
  const graph: Untyped = new Graph();
  const x: Value = graph.input("x", "f32", [2, 8]);
  const images: Value = graph.input("images", "f32", [1, 1, 4, 4]);
  const tokens: Value = graph.input("tokens", "f32", [1, 4, 8]);
  const ones = (...shape: number[]): Value =>
    graph.constant("", {
      dtype: "f32",
      shape,
      data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1),
    });
  return { graph, x, images, tokens, ones };
}

const REFUSED: readonly [
  name: string,
  make: (net: ReturnType<typeof start>) => unknown,
  code: string,
  message: RegExp,
][] = [
  ["an op that is none", (n) => n.graph.apply(undefined, {}), "invalid_argument", /expected an op/],
  ["no inputs", (n) => n.graph.apply(ops.gelu), "invalid_argument", /Gelu: input "x" is missing/],
  [
    "a missing input",
    (n) => n.graph.apply(ops.reshape, {}, { shape: [2] }),
    "invalid_argument",
    /Reshape: input "x" is missing/,
  ],
  [
    "an input of another name",
    (n) => n.graph.apply(ops.gelu, { y: n.x }),
    "invalid_argument",
    /Gelu has no input "y"/,
  ],
  [
    "a number as an input",
    (n) => n.graph.apply(ops.gelu, { x: 3 }),
    "invalid_argument",
    /"x" is no value of this graph/,
  ],
  [
    "null as an optional input",
    (n) => n.graph.apply(ops.linear, { x: n.x, weight: n.ones(3, 8), bias: null }),
    "invalid_argument",
    /"bias" is no value/,
  ],
  [
    "a value of another graph",
    (n) => n.graph.apply(ops.gelu, { x: start().x }),
    "invalid_argument",
    /"x" is no value of this graph/,
  ],
  [
    "an output of another graph",
    (n) => n.graph.output("y", start().x),
    "invalid_argument",
    /"y": it is no value of this graph/,
  ],
  [
    "an output that is nothing",
    (n) => n.graph.output("y", undefined),
    "invalid_argument",
    /it is no value/,
  ],
  ["an output without a name", (n) => n.graph.output("", n.x), "invalid_argument", /needs a name/],
  [
    "an entry without a name",
    (n) => n.graph.output("y", n.x, ""),
    "invalid_argument",
    /an entry: it needs a name/,
  ],
  [
    "two outputs of one name",
    (n) => [n.graph.output("y", n.x), n.graph.output("y", n.x)],
    "invalid_argument",
    /Cannot name two values "y"/,
  ],
  [
    "an output named as an input",
    (n) => n.graph.output("x", n.images),
    "invalid_argument",
    /Cannot name two values "x"/,
  ],
  [
    "a state named as an output",
    (n) => [n.graph.output("s", n.x), n.graph.state("s", "f32", [1])],
    "invalid_argument",
    /Cannot name two values "s"/,
  ],
  [
    "an output of other extents in another entry",
    (n) => [n.graph.output("y", n.x), n.graph.output("y", n.images, "b")],
    "shape_mismatch",
    /f32 \[1, 1, 4, 4\]: in entry main it is f32 \[2, 8\]/,
  ],
  [
    "a symbol of another graph",
    (n) => n.graph.input("z", "f32", [new Graph().symbol("batch", 4), 8]),
    "invalid_argument",
    /the graph has no symbol "batch"/,
  ],
  [
    "two symbols of one name",
    (n) => [n.graph.symbol("b", 4), n.graph.loadSymbol("b", 2)],
    "invalid_argument",
    /Cannot name two symbols "b"/,
  ],
  [
    "a default above the limit",
    (n) => n.graph.symbol("b", 4, 5),
    "invalid_argument",
    /default 5 is no integer from 1 to 4/,
  ],
  [
    "an extent of 0",
    (n) => n.graph.input("z", "f32", [0, 8]),
    "invalid_argument",
    /extent 0 is no integer/,
  ],
  ["half an extent", (n) => n.graph.input("z", "f32", [1.5, 8]), "invalid_argument", /extent 1.5/],
  [
    "negative extents with the right product",
    (n) => n.graph.apply(ops.reshape, { x: n.x }, { shape: [-2, -8] }),
    "invalid_argument",
    /extent -2/,
  ],
  ["no shape", (n) => n.graph.input("z", "f32"), "invalid_argument", /"z": it has no shape/],
  [
    "a type that there is not",
    (n) => n.graph.input("z", "f8", [1]),
    "invalid_argument",
    /there is no type f8/,
  ],
  [
    "a constant in a plain array",
    (n) => n.graph.constant("c", { dtype: "f32", shape: [2], data: [1, 2] }),
    "dtype_mismatch",
    /f32 elements are in a Float32Array, got object/,
  ],
  [
    "a constant in an array of another type",
    (n) => n.graph.constant("c", { dtype: "f32", shape: [2], data: new Int32Array(2) }),
    "dtype_mismatch",
    /got Int32Array/,
  ],
  [
    "a state that begins with elements of another type",
    (n) => n.graph.state("s", "i32", [2], new Float32Array(2)),
    "dtype_mismatch",
    /Cannot set s at first/,
  ],
  [
    "offsets that are no input",
    (n) => n.graph.input("past", "i32", [1], { check: "past", limit: 4, offsets: n.ones(2) }),
    "invalid_argument",
    /its offsets are no input/,
  ],
  [
    "an epsilon that is missing",
    (n) => n.graph.apply(ops.layerNormalization, { x: n.x, scale: n.ones(8) }),
    "invalid_argument",
    /LayerNormalization: epsilon has to be a number of at least 0, got undefined/,
  ],
  [
    "an epsilon as text",
    (n) => n.graph.apply(ops.rmsNormalization, { x: n.x, gamma: n.ones(8) }, { epsilon: "1e-5" }),
    "invalid_argument",
    /RMSNormalization: epsilon/,
  ],
  [
    "a negative row",
    (n) => n.graph.apply(ops.selectRow, { x: n.x }, { row: -1 }),
    "invalid_argument",
    /SelectRow: row/,
  ],
  [
    "half a row",
    (n) => n.graph.apply(ops.selectRow, { x: n.x }, { row: 0.5 }),
    "invalid_argument",
    /got 0.5/,
  ],
  [
    "half a column",
    (n) => n.graph.apply(ops.sliceColumns, { x: n.x }, { start: 0.5, end: 2.5 }),
    "invalid_argument",
    /SliceColumns: start/,
  ],
  [
    "half a head",
    (n) =>
      n.graph.apply(ops.attentionScores, { q: n.tokens, k: n.tokens }, { heads: 0.5, scale: 1 }),
    "invalid_argument",
    /AttentionScores: heads/,
  ],
  [
    "a scale that is missing",
    (n) => n.graph.apply(ops.attentionScores, { q: n.tokens, k: n.tokens }, { heads: 2 }),
    "invalid_argument",
    /AttentionScores: scale has to be a number, got undefined/,
  ],
  [
    "a negative patch",
    (n) => n.graph.apply(ops.patches, { x: n.images }, { patch: -4, order: "channels_first" }),
    "invalid_argument",
    /Patches: patch/,
  ],
  [
    "patches of no order",
    (n) => n.graph.apply(ops.patches, { x: n.images }, { patch: 2 }),
    "invalid_argument",
    /Patches: order has to be channels_first or channels_last/,
  ],
  [
    "patches of what is no image",
    (n) => n.graph.apply(ops.patches, { x: n.tokens }, { patch: 2, order: "channels_first" }),
    "shape_mismatch",
    /Patches: shapes do not fit/,
  ],
  [
    "codes of another type",
    (n) => n.graph.apply(ops.quantizeLinear, { x: n.x, scale: n.ones(1) }, { to: "i4" }),
    "invalid_argument",
    /QuantizeLinear: to has to be i8 or i16, got i4/,
  ],
  [
    "a reshape to nothing",
    (n) => n.graph.apply(ops.reshape, { x: n.x }),
    "invalid_argument",
    /Reshape: shape has to be extents/,
  ],
  [
    "a linear layer of a scalar",
    (n) => n.graph.apply(ops.linear, { x: n.graph.input("z", "f32", []), weight: n.ones(1, 1) }),
    "shape_mismatch",
    /Linear: shapes do not fit/,
  ],
];

const BATCH = { symbol: "batch", factor: 1, plus: 0 };
const EXTENTS: readonly [extent: Untyped, message: RegExp][] = [
  [{ ...BATCH, factor: 0.5 }, /0.5·batch \+ 0 is no extent/],
  [{ ...BATCH, factor: NaN }, /NaN·batch/],
  [{ symbol: "batch", factor: 1 }, /1·batch \+ undefined is no extent/],
  [null, /extent null/],
  ["8", /extent 8 is no integer/],
];

Deno.test("extents that follow from no integers are refused, also as limits", () => {
  for (const [extent, message] of EXTENTS) {
    const graph: Untyped = new Graph();
    graph.symbol("batch", 8);
    assert.throws(() => graph.input("x", "f32", [extent, 8]), {
      code: "invalid_argument",
      message,
    });
    assert.throws(() => graph.input("i", "i32", [1], { check: "below", limit: extent }), {
      code: "invalid_argument",
      message,
    });
  }
});

Deno.test("a check that there is not is refused, not left out", () => {
  const graph: Untyped = new Graph();
  for (const check of ["none", "above", undefined]) {
    assert.throws(() => graph.input("i", "i32", [1], { check, limit: 3 }), {
      code: "invalid_argument",
      message: /Check of "i" has to be below or offsets or distinct or past, got/,
    });
  }
});

for (const [name, make, code, message] of REFUSED) {
  Deno.test(`refused: ${name}`, () => {
    assert.throws(() => make(start()), { name: "FewbitError", code, message });
  });
}

Deno.test("an identity needs its multiplier and its shift", () => {
  const { graph } = start();
  const x = graph.input("codes", "i8", [2, 8]);
  const one = graph.constant("", { dtype: "i32", shape: [1], data: Int32Array.of(1) });
  assert.throws(
    () =>
      graph.apply(ops.requantize, { x, multiplier: one, shift: one, identity: x }, { to: "i8" }),
    { code: "dtype_mismatch", message: /expected i32, got nothing/ },
  );
});

Deno.test("only states and parameters can be updated", () => {
  const { graph, ones } = start();
  const integers = (name: string, n: number) => graph.input(name, "i32", [n]);
  const inputs = {
    u: graph.input("u", "f32", [2, 8]),
    z: graph.input("z", "f32", [2, 8]),
    offsets: integers("offsets", 2),
    slot: integers("slot", 1),
    past: integers("past", 1),
  };
  const values = {
    constant: ones(1, 8),
    input: graph.input("memory", "f32", [1, 8]),
    computed: graph.apply(ops.gelu, { x: ones(1, 8) }),
    view: graph.apply(ops.selectRow, { x: graph.state("sessions", "f32", [4, 8]) }, { row: 1 }),
  };
  for (const state of Object.values(values)) {
    assert.throws(() => graph.apply(ops.hgrnScan, { ...inputs, state }), {
      code: "invalid_argument",
      message: /HgrnScan updates its input "state": expected a state or a parameter/,
    });
  }
  const state = graph.state("state", "f32", [1, 8]);
  assert.deepEqual(graph.apply(ops.hgrnScan, { ...inputs, state }).shape, [2, 8]);
});
