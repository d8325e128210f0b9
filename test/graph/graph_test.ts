import assert from "node:assert/strict";
import { format, product, same, sameShape } from "../../src/graph/extent.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Op } from "../../src/graph/op.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { attempt } from "../_attempt.ts";

/** `high` and `low` part of x, named in this order. */
const split: Op<"Split", "x" | "by?", { at: number }, "high" | "low"> = {
  name: "Split",
  inputs: ["x", "by?"],
  infer({ x }, { at }) {
    return { high: { dtype: "i16", shape: [at] }, low: { dtype: "i8", shape: x.shape } };
  },
};

const bytes = (...shape: number[]) => ({
  dtype: "i8" as const,
  shape,
  data: new Int8Array(shape.reduce((a, b) => a * b, 1)),
});

Deno.test("an op is applied to inputs by name, and no others", () => {
  const graph = new Graph();
  const [a, b] = [graph.input("a", "f32", [2, 3]), graph.input("b", "f32", [3])];
  // The order of the names is the op's.
  const y = graph.apply(ops.add, { b, a }, {}, { name: "sum", output: "y" });
  const [node] = graph.nodes;
  assert.deepEqual(Object.entries(node.inputs), [["a", a], ["b", b]]);
  assert.equal(node.name, "sum");
  assert.equal(node.definition, ops.add);
  assert.deepEqual([y.name, y.dtype, y.shape], ["y", "f32", [2, 3]]);
  assert.throws(
    () => graph.apply(ops.gelu, { x: a, y: b } as { x: typeof a }),
    { code: "invalid_argument", message: 'Gelu has no input "y"; it has x' },
  );
  assert.equal(graph.nodes.length, 1);
});

Deno.test("an optional input that is absent is undefined; its `?` is no part of its name", () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [2, 3]);
  const weight = graph.input("w", "f32", [4, 3]);
  attempt(() => graph.apply(ops.linear, { x, weight }));
  assert.deepEqual(graph.nodes[0].inputs, { x, weight, bias: undefined });
});

Deno.test("several outputs have types and names of their own", () => {
  const graph = new Graph();
  const x = graph.input("x", "i8", [7]);
  const { high, low } = graph.applyAll(split, { x }, { at: 3 }, {
    output: { low: "l", high: "h" },
  });
  assert.deepEqual([high.name, high.dtype, high.shape], ["h", "i16", [3]]);
  assert.deepEqual([low.name, low.dtype, low.shape], ["l", "i8", [7]]);
  assert.notEqual(high.id, low.id);
  // One name is that of the first output.
  const other = attempt(() => graph.applyAll(split, { x }, { at: 1 }, { output: "only" }));
  assert.deepEqual([other.high.name, other.low.name], ["only", ""]);
});

Deno.test("a name stands for one value", () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [2]);
  const twice = { code: "invalid_argument", message: 'Cannot name two values "x"' };
  assert.throws(() => graph.input("x", "f32", [2]), twice);
  assert.throws(() => graph.constant("x", bytes(2)), twice);
  assert.throws(() => graph.state("x", "f32", [2]), twice);
  assert.throws(() => graph.apply(ops.gelu, { x }, {}, { output: "x" }), twice);
  // Names of modules and of nothing may repeat.
  attempt(() => graph.apply(ops.gelu, { x }, {}, { name: "x" }));
  attempt(() => graph.apply(ops.gelu, { x }, {}, { name: "x" }));
});

Deno.test("constants, states and parameters have as many elements as their shapes", () => {
  const graph = new Graph();
  const wrong = { ...bytes(2, 3), data: new Int8Array(5) };
  assert.throws(() => graph.constant("c", wrong), {
    code: "shape_mismatch",
    message: /5 elements/,
  });
  assert.throws(() => graph.parameter("p", wrong), {
    code: "shape_mismatch",
    message: /5 elements/,
  });
  assert.throws(() => graph.state("s", "i8", [2, 3], wrong.data), { code: "shape_mismatch" });
  assert.deepEqual([graph.states.length, graph.parameters.length, graph.initial.size], [0, 0, 0]);
  // 12 trits are 3 bytes.
  assert.throws(() => graph.tritConstant("t", [3, 4], new Uint8Array(4)), {
    code: "shape_mismatch",
    message: /4 bytes for \[3,4\]/,
  });
  const trits = graph.tritConstant("u", [3, 4], Uint8Array.of(0, 121, 242));
  const { tensor } = graph.constants.get(trits.id)!;
  assert.deepEqual([...tensor(new Map()).data], [-1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 1, 1]);
});

Deno.test("a state begins with zeros or given elements, of constant extents only", () => {
  const graph = new Graph();
  const batch = graph.symbol("batch", 4);
  const zero = attempt(() => graph.state("zero", "f32", [batch, 2]));
  const given = graph.state("given", "f32", [1, 2], Float32Array.of(3, 4));
  assert.deepEqual(graph.states, [zero, given]);
  assert.equal(graph.initial.has(zero.id), false);
  assert.deepEqual(graph.initial.get(given.id), {
    dtype: "f32",
    shape: [1, 2],
    data: Float32Array.of(3, 4),
  });
  assert.throws(() => graph.state("bad", "f32", [batch, 2], new Float32Array(2)), {
    code: "unsupported",
    message: /bad.*batch/,
  });
  assert.deepEqual(graph.states, [zero, given]);
});

Deno.test("a parameter is a value with initial elements", () => {
  const graph = new Graph();
  const tensor = { dtype: "i8" as const, shape: [2], data: Int8Array.of(1, -1) };
  const value = graph.parameter("p", tensor);
  assert.deepEqual(graph.parameters, [value]);
  assert.deepEqual(graph.initial.get(value.id), tensor);
  assert.deepEqual(graph.states, []);
});

Deno.test("derive() has everything but nodes and outputs, and ids that are free", () => {
  const graph = new Graph();
  const batch = graph.symbol("batch", 8, 2);
  graph.loadSymbol("sessions", 16);
  const x = graph.input("x", "i32", [batch], { check: "below", limit: 9 });
  const state = graph.state("s", "f32", [2], Float32Array.of(1, 2));
  const parameter = graph.parameter("p", bytes(3));
  const constant = graph.constant("c", bytes(1));
  const real = graph.input("r", "f32", [2]);
  graph.output("y", graph.apply(ops.gelu, { x: real }));
  const copy = graph.derive();
  assert.deepEqual(copy.symbols, graph.symbols);
  assert.deepEqual([...copy.symbols.values()].map(({ kind, defaultMax }) => [kind, defaultMax]), [
    ["run", 2],
    ["load", 1],
  ]);
  assert.deepEqual(copy.inputs, [x, real]);
  assert.deepEqual(copy.checks, new Map([[x.id, { check: "below", limit: 9 }]]));
  assert.deepEqual(copy.states, [state]);
  assert.deepEqual(copy.parameters, [parameter]);
  assert.deepEqual([...copy.initial.keys()], [state.id, parameter.id]);
  assert.deepEqual([...copy.constants.keys()], [constant.id]);
  assert.deepEqual([copy.nodes, copy.outputs], [[], []]);
  const ids = [x, state, parameter, constant, real, graph.nodes[0].outputs.y].map(({ id }) => id);
  assert.ok(!ids.includes(attempt(() => copy.input("new", "f32", [1])).id));
  assert.equal(graph.inputs.length, 2);
});

Deno.test("replay() applies the op to what stands for its inputs, with the same names", () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [2, 3]);
  const z = graph.input("z", "f32", [4, 3]);
  graph.apply(
    ops.layerNormalization,
    {
      x,
      scale: graph.constant("g", { dtype: "f32", shape: [3], data: new Float32Array(3) }),
    },
    { epsilon: 0.5 },
    { name: "norm", output: "y" },
  );
  const copy = graph.derive();
  const asked: string[] = [];
  const { y } = copy.replay(graph.nodes[0], (value, name) => {
    asked.push(name);
    return name === "x" ? z : value;
  });
  // Not for the bias, which is absent.
  assert.deepEqual(asked, ["x", "scale"]);
  assert.deepEqual([y.name, y.shape], ["y", [4, 3]]);
  const [{ name, attributes, inputs, definition }] = copy.nodes;
  assert.deepEqual([name, attributes], ["norm", { epsilon: 0.5 }]);
  assert.deepEqual([inputs.x, inputs.bias], [z, undefined]);
  assert.equal(definition, ops.layerNormalization);
});

Deno.test("replay() names every output", () => {
  const graph = new Graph();
  const x = graph.input("x", "i8", [7]);
  graph.applyAll(split, { x }, { at: 3 }, { output: { low: "l", high: "h" } });
  const { high, low } = graph.derive().replay(graph.nodes[0], (value) => value);
  assert.deepEqual([high.name, low.name], ["h", "l"]);
});

Deno.test("a lazy constant is read when it is asked for, each time", () => {
  const graph = new Graph();
  let reads = 0;
  const read = () => (reads++, bytes(2));
  const value = graph.lazyConstant("lazy", { dtype: "i8", shape: [2], read });
  assert.equal(reads, 0);
  const { tensor, derivedFrom } = graph.constants.get(value.id)!;
  tensor(new Map());
  tensor(new Map());
  assert.deepEqual([reads, derivedFrom], [2, []]);
});

Deno.test("a derived constant follows from the scales it names", () => {
  const graph = new Graph();
  const value = graph.derived("f32", [1], ["a"], (scales) => ({
    dtype: "f32",
    shape: [1],
    data: Float32Array.of(2 * scales.get("a")!),
  }));
  const { derivedFrom, tensor } = graph.constants.get(value.id)!;
  assert.deepEqual([derivedFrom, [...tensor(new Map([["a", 3]])).data]], [["a"], [6]]);
});

Deno.test("extents: products, sameness, and how they read", () => {
  const graph = new Graph();
  const [n, m] = [graph.symbol("n", 9), graph.symbol("m", 9)];
  assert.deepEqual(product([2, n, 3]), { symbol: "n", factor: 6, plus: 0 });
  assert.deepEqual(product([{ ...n, plus: 1 }, 4]), { symbol: "n", factor: 4, plus: 4 });
  assert.equal(product([2, 5]), 10);
  assert.throws(() => product([n, m]), { code: "unsupported" });
  assert.equal(same(n, m), false);
  assert.equal(same(n, { ...n }), true);
  assert.equal(same(n, { ...n, plus: 1 }), false);
  assert.equal(same(n, { ...n, factor: 2 }), false);
  assert.equal(same(n, 1), false);
  assert.equal(sameShape([1, 2], [1, 2, 3]), false);
  assert.equal(sameShape([1, 3], [1, 2]), false);
  assert.equal(format([2, n, { ...m, factor: 3, plus: 1 }]), "[2, n, 3·m + 1]");
});
