/** Moving a selection of rows up changes what is computed, never what comes out. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import { Graph } from "../../src/graph/graph.ts";
import { nodesOf } from "../../src/graph/traversal.ts";
import type { Value } from "../../src/graph/graph.ts";
import type { Op } from "../../src/graph/op.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { selectEarly } from "../../src/graph/select_early.ts";
import { attempt } from "../_attempt.ts";
import { Random } from "../conformance/_random.ts";
import { lowered } from "../lower/_check.ts";
import { tensorOf } from "../../src/tensor.ts";

const [ROWS, COLUMNS] = [5, 8];
const random = new Random(3);
const floats = (n: number): Float32Array =>
  Float32Array.from({ length: n }, () => random.unit() * 2 - 1);

/** A graph of x [2, 5, 8] and the ops that its rewritten form has, with the rows that they treat. */
class Net {
  readonly graph = new Graph();
  readonly x: Value = this.graph.input("x", "f32", [2, ROWS, COLUMNS]);

  constant(...shape: number[]): Value {
    const data = floats(shape.reduce((a, b) => a * b, 1));
    return this.graph.constant("", { dtype: "f32", shape, data });
  }

  linear(x: Value): Value {
    return this.graph.apply(ops.linear, { x, weight: this.constant(COLUMNS, COLUMNS) });
  }

  select(x: Value, row: number): Value {
    return this.graph.apply(ops.selectRow, { x }, { row });
  }

  async outputs(graph: Graph): Promise<Record<string, number[]>> {
    using instance = await load(lowered(graph, true), { engine: "reference" });
    const x = Float32Array.from({ length: 2 * ROWS * COLUMNS }, (_, i) => Math.sin(i));
    const mask = Uint8Array.from({ length: ROWS * ROWS }, (_, i) => i % 3 === 0 ? 1 : 0);
    const hasMask = instance.program.tensors.some(({ name }) => name === "mask");
    const outputs = instance.runSync({ x, ...hasMask && { mask } });
    return Object.fromEntries(
      Object.entries(outputs).map(([name, { data }]) => [name, [...data as Float32Array]]),
    );
  }

  /** The ops of the rewritten graph, each with the rows of its result. */
  async check(expected: readonly string[]): Promise<void> {
    const rewritten = attempt(() => selectEarly(this.graph));
    assert.deepEqual(await this.outputs(rewritten), await this.outputs(this.graph));
    assert.deepEqual(
      nodesOf(rewritten, rewritten.outputs).map(({ op, outputs }) =>
        `${op} ${outputs.y.shape.at(-2)}`
      ),
      expected,
    );
  }
}

Deno.test("a row is selected before linear layers, norms, GELU and sums", async () => {
  const net = new Net();
  const { graph, x } = net;
  const norm = graph.apply(ops.layerNormalization, { x, scale: net.constant(COLUMNS) }, {
    epsilon: 1e-5,
  });
  const sum = graph.apply(ops.add, { a: graph.apply(ops.gelu, { x: net.linear(norm) }), b: x });
  graph.output("y", net.select(sum, 2));
  await net.check(["SelectRow 1", "LayerNormalization 1", "Linear 1", "Gelu 1", "Add 1"]);
});

Deno.test("of attention, only the queries are those of the row", async () => {
  const net = new Net();
  const { graph, x } = net;
  const [q, k, v] = [net.linear(x), net.linear(x), net.linear(x)];
  const scores = graph.apply(ops.attentionScores, { q, k }, { heads: 2, scale: 0.5 });
  const values = graph.apply(ops.attentionValues, {
    p: graph.apply(ops.softmax, { x: scores }),
    v,
  });
  graph.output("y", net.select(net.linear(values), 0));
  await net.check([
    "SelectRow 1",
    "Linear 1",
    "Linear 5",
    "Linear 5",
    "AttentionScores 1",
    "Softmax 1",
    "AttentionValues 1",
    "Linear 1",
  ]);
});

Deno.test("a masked softmax needs the rows of its mask, so all of them", async () => {
  const net = new Net();
  const { graph, x } = net;
  const mask = graph.input("mask", "u8", [1, ROWS, ROWS]);
  const scores = graph.apply(ops.attentionScores, { q: x, k: x }, { heads: 2, scale: 0.5 });
  const values = graph.apply(ops.attentionValues, {
    p: graph.apply(ops.softmax, { x: scores, mask }),
    v: x,
  });
  graph.output("y", net.select(values, 3));
  await net.check(["AttentionScores 5", "Softmax 5", "AttentionValues 5", "SelectRow 1"]);
});

Deno.test("an addition that repeats over rows needs all of them", async () => {
  const net = new Net();
  const { graph, x } = net;
  const sum = graph.apply(ops.add, { a: net.linear(x), b: net.constant(ROWS, COLUMNS) });
  graph.output("y", net.select(sum, 1));
  await net.check(["Linear 5", "Add 5", "SelectRow 1"]);
});

Deno.test("two rows of one value are two selections, and what is before them is whole", async () => {
  const net = new Net();
  const { graph } = net;
  const y = net.linear(net.x);
  graph.output("first", net.select(y, 0));
  graph.output("last", net.select(y, 4));
  await net.check(["Linear 5", "SelectRow 1", "SelectRow 1"]);
});

Deno.test("two rows through different layers of one value select it twice", async () => {
  const net = new Net();
  const { graph, x } = net;
  graph.output("first", net.select(net.linear(x), 0));
  graph.output("last", net.select(net.linear(x), 4));
  await net.check(["SelectRow 1", "Linear 1", "SelectRow 1", "Linear 1"]);
});

Deno.test("what is an output, or read as a whole, is computed as a whole", async () => {
  const net = new Net();
  const { graph } = net;
  const y = net.linear(net.x);
  graph.output("all", y);
  graph.output("one", net.select(graph.apply(ops.gelu, { x: y }), 2));
  await net.check(["Linear 5", "SelectRow 1", "Gelu 1"]);
});

Deno.test("pooled rows need all of them", async () => {
  const net = new Net();
  const { graph } = net;
  graph.output("y", graph.apply(ops.meanRows, { x: net.linear(net.x) }));
  await net.check(["Linear 5", "MeanRows 2"]);
});

Deno.test("slices of columns keep their row", async () => {
  const net = new Net();
  const { graph } = net;
  const slice = graph.apply(ops.sliceColumns, { x: net.linear(net.x) }, { start: 2, end: 6 });
  graph.output("y", net.select(slice, 4));
  await net.check(["SelectRow 1", "Linear 1", "SliceColumns 1"]);
});

Deno.test("an addition of what has a row for each keeps its row on both sides", async () => {
  const net = new Net();
  const { graph, x } = net;
  const sum = graph.apply(ops.add, { a: net.linear(x), b: net.linear(x) });
  graph.output("y", net.select(sum, 3));
  await net.check(["SelectRow 1", "Linear 1", "Linear 1", "Add 1"]);
});

Deno.test("rows of matrices are selected as those of sequences are", async () => {
  const net = new Net();
  const { graph } = net;
  const x = graph.apply(ops.reshape, { x: net.x }, { shape: [2 * ROWS, COLUMNS] });
  const sum = graph.apply(ops.add, { a: net.linear(x), b: net.linear(x) });
  graph.output("y", net.select(sum, 3));
  await net.check(["Reshape 10", "SelectRow 1", "Linear 1", "Linear 1", "Add 1"]);
});

Deno.test("integer layers, norms, tables and ShiftGELU treat rows alone", async () => {
  const net = new Net();
  const { graph } = net;
  const constant = (dtype: "i8" | "i32", shape: number[]) => {
    const codes = Array.from(
      { length: shape.reduce((a, b) => a * b) },
      () => random.integer(1, 99),
    );
    const data = dtype === "i8" ? Int8Array.from(codes) : Int32Array.from(codes);
    return graph.constant("", tensorOf(dtype, shape, data));
  };
  const one = { multiplier: constant("i32", [1]), shift: constant("i32", [1]) };
  const requantize = (x: Value) =>
    graph.apply(ops.requantize, { x, ...one, shift: constant("i32", [1]) }, { to: "i8" });
  const scale = graph.constant("", { dtype: "f32", shape: [1], data: Float32Array.of(1 / 64) });
  const codes = graph.apply(ops.quantizeLinear, { x: net.x, scale }, { to: "i8" });
  const sums = graph.apply(ops.linearInteger, {
    x: codes,
    weight: constant("i8", [COLUMNS, COLUMNS]),
  });
  const norm = graph.apply(ops.layerNormInteger, {
    x: requantize(sums),
    bias: constant("i32", [COLUMNS]),
  });
  const table = constant("i8", [1, 256]);
  const looked = graph.apply(ops.lookup, { x: requantize(norm), table });
  const x0 = graph.constant("", { dtype: "i32", shape: [1], data: Int32Array.of(-20) });
  graph.output("y", net.select(graph.apply(ops.shiftGelu, { x: looked, x0 }), 4));
  await net.check([
    "SelectRow 1",
    "QuantizeLinear 1",
    "LinearInteger 1",
    "Requantize 1",
    "LayerNormInteger 1",
    "Requantize 1",
    "Lookup 1",
    "ShiftGelu 1",
  ]);
});

Deno.test("identities, one after the other, pass the selection on", async () => {
  const net = new Net();
  const { graph } = net;
  const named = (x: Value) => graph.apply(ops.identity, { x });
  graph.output("y", net.select(named(named(net.linear(named(net.x)))), 2));
  await net.check(["SelectRow 1", "Identity 1", "Linear 1", "Identity 1", "Identity 1"]);
});

Deno.test("one row that is selected twice is computed once", async () => {
  const net = new Net();
  const { graph } = net;
  const y = net.linear(net.x);
  graph.output("one", net.select(y, 2));
  graph.output("two", graph.apply(ops.gelu, { x: net.select(y, 2) }));
  await net.check(["SelectRow 1", "Linear 1", "Gelu 1"]);
});

Deno.test("a row that is selected of a selected row is row 0 of it", async () => {
  const net = new Net();
  const { graph } = net;
  graph.output("y", net.select(graph.apply(ops.gelu, { x: net.select(net.x, 3) }), 0));
  await net.check(["SelectRow 1", "SelectRow 1", "Gelu 1"]);
});

/** Outputs `first` and `second` = x. */
const pair: Op<"Pair", "x", Record<never, never>, "first" | "second"> = {
  name: "Pair",
  inputs: ["x"],
  rowLocal: ["x"],
  infer: ({ x: { dtype, shape } }) => ({ first: { dtype, shape }, second: { dtype, shape } }),
};

Deno.test("a node with two outputs is whole, and so is what it reads", () => {
  for (const which of ["first", "second"] as const) {
    const net = new Net();
    const { graph } = net;
    const both = graph.applyAll(pair, { x: net.linear(net.x) });
    graph.output("y", net.select(both[which], 2));
    if (which === "first") graph.output("other", both.second);
    const rewritten = attempt(() => selectEarly(graph));
    const rows = rewritten.nodes.map(({ op, outputs }) =>
      `${op} ${Object.values(outputs)[0].shape.at(-2)}`
    );
    assert.deepEqual(rows, ["Linear 5", "Pair 5", "SelectRow 1"]);
    assert.equal(rewritten.nodes[2].inputs.x, rewritten.nodes[1].outputs[which]);
    if (which === "first") {
      assert.equal(rewritten.outputs[1].value, rewritten.nodes[1].outputs.second);
    }
  }
});

/** Adds x to a state: what it writes is not only its row. */
const count: Op<"Count", "x" | "state"> = {
  name: "Count",
  inputs: ["x", "state"],
  writes: ["state"],
  infer: ({ x: { dtype, shape } }) => ({ y: { dtype, shape } }),
};

Deno.test("an op that writes a state sees all rows", () => {
  const net = new Net();
  const { graph } = net;
  const state = graph.state("state", "f32", [2, ROWS, COLUMNS]);
  graph.output("y", net.select(graph.apply(count, { x: net.linear(net.x), state }), 1));
  const { nodes } = attempt(() => selectEarly(graph));
  assert.deepEqual(nodes.map(({ op, outputs }) => `${op} ${outputs.y.shape.at(-2)}`), [
    "Linear 5",
    "Count 5",
    "SelectRow 1",
  ]);
  assert.equal(nodes[1].inputs.state, state);
});

Deno.test("the integer softmax and its scores: one row, and all with a mask", () => {
  for (const masked of [false, true]) {
    const graph = new Graph();
    const q = graph.input("q", "i8", [2, ROWS, COLUMNS]);
    const constant = (data: Int32Array) =>
      graph.constant("", { dtype: "i32", shape: [data.length], data });
    const scores = graph.apply(ops.attentionScoresInteger, { q, k: q }, { heads: 2 });
    const x = graph.apply(ops.requantize, {
      x: scores,
      multiplier: constant(Int32Array.of(1)),
      shift: constant(Int32Array.of(7)),
    }, { to: "i8" });
    const p = graph.apply(ops.softmaxInteger, {
      x,
      parameter: constant(new Int32Array(256)),
      mask: masked ? graph.input("mask", "u8", [1, ROWS, ROWS]) : undefined,
    }, { mode: "table", bits: 16 });
    const values = graph.apply(ops.attentionValuesInteger, { p, v: q });
    graph.output("y", graph.apply(ops.selectRow, { x: values }, { row: 4 }));
    const { nodes } = attempt(() => selectEarly(graph));
    const rows = Object.fromEntries(nodes.map(({ op, outputs }) => [op, outputs.y.shape.at(-2)]));
    const local = masked ? ROWS : 1;
    assert.deepEqual(rows, {
      AttentionScoresInteger: local,
      Requantize: local,
      SoftmaxInteger: local,
      AttentionValuesInteger: local,
      SelectRow: 1,
    });
  }
});

Deno.test("a residual of a requantisation has its row; one that repeats needs all", () => {
  for (const repeats of [false, true]) {
    const graph = new Graph();
    const x = graph.input("x", "i8", [2, ROWS, COLUMNS]);
    const one = graph.constant("", { dtype: "i32", shape: [1], data: Int32Array.of(1) });
    const table = graph.constant("", { dtype: "i8", shape: [1, 256], data: new Int8Array(256) });
    const identity = repeats
      ? graph.constant("", { dtype: "i8", shape: [COLUMNS], data: new Int8Array(COLUMNS) })
      : graph.apply(ops.lookup, { x, table });
    const arm = { identity, identityMultiplier: one, identityShift: one };
    const sum = graph.apply(ops.requantize, { x, multiplier: one, shift: one, ...arm }, {
      to: "i8",
    });
    graph.output("y", graph.apply(ops.selectRow, { x: sum }, { row: 4 }));
    const { nodes } = attempt(() => selectEarly(graph));
    assert.deepEqual(
      nodes.map(({ op, outputs }) => `${op} ${outputs.y.shape.at(-2)}`),
      repeats ? ["Requantize 5", "SelectRow 1"] : ["SelectRow 1", "Lookup 1", "Requantize 1"],
    );
  }
});

Deno.test("what comes before a value that is needed as a whole is whole", async () => {
  const net = new Net();
  const { graph } = net;
  const y = graph.apply(ops.gelu, { x: net.linear(net.x) });
  graph.output("all", y);
  graph.output("one", net.select(y, 2));
  await net.check(["Linear 5", "Gelu 5", "SelectRow 1"]);
});
