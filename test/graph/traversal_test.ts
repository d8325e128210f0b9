import assert from "node:assert/strict";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import type { Op } from "../../src/graph/op.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import {
  consumersOf,
  inputsOf,
  nodesOf,
  outputsOf,
  producersOf,
} from "../../src/graph/traversal.ts";

const pair: Op<"Pair", "x", Record<never, never>, "first" | "second"> = {
  name: "Pair",
  inputs: ["x"],
  infer: ({ x: { dtype, shape } }) => ({ first: { dtype, shape }, second: { dtype, shape } }),
};

const graph = new Graph();
const x = graph.input("x", "f32", [2, 2]);
const gelu = (value: Value) => graph.apply(ops.gelu, { x: value });
const a = gelu(x);
const { first, second } = graph.applyAll(pair, { x: a });
const unused = gelu(first);
const square = graph.apply(ops.add, { a: second, b: second });
const y = graph.apply(ops.add, { a: square, b: a });
const [ofA, ofPair, ofUnused, ofSquare, ofY] = graph.nodes;
graph.output("y", y);

Deno.test("producers: the node of each output of each op", () => {
  const producers = producersOf(graph);
  assert.equal(producers.size, 6);
  for (const [value, node] of [[a, ofA], [first, ofPair], [second, ofPair], [y, ofY]] as const) {
    assert.equal(producers.get(value.id), node);
  }
  assert.equal(producers.get(x.id), undefined);
});

Deno.test("nodes that some outputs need, in order; one needed output is enough", () => {
  assert.deepEqual(nodesOf(graph, graph.outputs), [ofA, ofPair, ofSquare, ofY]);
  const of = (value: Value) => nodesOf(graph, [{ name: "", value, entry: "" }]);
  assert.deepEqual(of(unused), [ofA, ofPair, ofUnused]);
  assert.deepEqual(of(x), []);
});

Deno.test("consumers: each reader once, of the nodes given", () => {
  const consumers = consumersOf(nodesOf(graph, graph.outputs));
  assert.deepEqual(consumers.get(a.id), [ofPair, ofY]);
  assert.deepEqual(consumers.get(second.id), [ofSquare]);
  assert.equal(consumers.get(first.id), undefined);
  assert.equal(consumers.get(y.id), undefined);
});

Deno.test("inputs that are there and outputs, in the op's order", () => {
  assert.deepEqual(outputsOf(ofPair), [first, second]);
  const weight = graph.constant("", { dtype: "f32", shape: [2, 2], data: new Float32Array(4) });
  graph.apply(ops.linear, { weight, x });
  assert.deepEqual(inputsOf(graph.nodes[graph.nodes.length - 1]), [x, weight]);
});
