/** Schedules: what memory values take in them, what may be computed again, and updates as early as they may be. */
import assert from "node:assert/strict";
import { updatedEarly } from "../../src/graph/early_updates.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import { NodeBuilder } from "../../src/graph/node_builder.ts";
import { nodeWork } from "../../src/graph/node_work.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { Recomputations } from "../../src/graph/recomputation.ts";
import { rematerialize } from "../../src/graph/rematerialize.ts";
import { Schedule } from "../../src/graph/schedule.ts";
import { Random } from "../conformance/_random.ts";

/** Bytes of a value of 16 columns. */
const ROW = 64;

/** Functions one after the other of `rows·16` elements each; the last sum reads all of them, the last one first. */
function chain(rows: readonly number[]): Graph {
  const graph = new Graph();
  const build = new NodeBuilder(graph);
  const x = graph.input("x", "f32", [1, 16]);
  const values: Value[] = [];
  for (const n of rows) {
    const last = build.sum(values.at(-1) ?? x);
    values.push(graph.apply(ops.expand, { x: build.reshape(last, [1, 1]) }, { times: n * 16 }));
  }
  let y = build.sum(values.at(-1)!);
  for (const value of values.toReversed()) y = build.add(y, build.sum(build.unary(value, "exp")));
  graph.output("y", y);
  return graph;
}

Deno.test("schedule: values take memory from their making to their last reading", () => {
  const graph = new Graph();
  const build = new NodeBuilder(graph);
  const x = graph.input("x", "f32", [4, 16]);
  const a = build.unary(x, "exp");
  const b = build.unary(a, "exp");
  graph.storage.set(b.id, { type: "bf16" });
  // A view takes none, and who reads it reads what it shows.
  const c = build.mul(build.reshape(a, [2, 32]), build.reshape(b, [2, 32]));
  graph.output("d", build.unary(c, "exp"));
  const { turns, profile: { bytes } } = Schedule.of(graph, "main");
  assert.deepEqual(turns.map(({ node }) => node.op), ["Unary", "Unary", "Mul", "Unary"]);
  assert.deepEqual([...bytes], [256, 256 + 128, 256 + 128 + 256, 256 + 256]);
});

Deno.test("rematerialisation: what is told of a way is what the schedule takes that goes it", () => {
  const random = new Random(3);
  let seen = 0;
  for (let i = 0; i < 12; i++) {
    const rows = Array.from({ length: random.integer(3, 10) }, () => random.integer(1, 40));
    let schedule = Schedule.of(chain(rows), "main");
    // Way after way, of which each is chosen at random.
    for (let round = 0; round < 6; round++) {
      const ways = new Recomputations(schedule);
      const most = schedule.peak * random.unit();
      const all = [...ways.all(most)];
      for (const way of all) {
        const after = new Recomputations(schedule.repeated(way.at, way.again));
        assert.equal(ways.excessWith(way, most), after.excess(most));
        seen++;
      }
      if (all.length === 0) break;
      const { at, again } = random.pick(all);
      schedule = schedule.repeated(at, again);
    }
  }
  assert.ok(seen > 500, `${seen}`);
});

Deno.test("rematerialisation: what is computed again is the least work that a limit needs", () => {
  const graph = chain([8, 8, 8, 8]);
  const { peak } = Schedule.of(graph, "main");
  assert.equal(rematerialize(graph, "main", peak)!.graph, graph);
  let before = 0;
  for (const most of [peak - 1, peak - 9 * ROW, peak - 17 * ROW]) {
    const made = rematerialize(graph, "main", most)!;
    assert.ok(made.peak <= most);
    assert.equal(Schedule.of(made.graph, "main").peak, made.peak);
    assert.ok(made.work.added > before);
    assert.equal(made.work.added, made.again.reduce((sum, node) => sum + nodeWork(node), 0));
    before = made.work.added;
  }
  assert.equal(rematerialize(graph, "main", ROW), undefined);
});

Deno.test("rematerialisation: of two values of one size the one that is less work is computed again", () => {
  const graph = new Graph();
  const build = new NodeBuilder(graph);
  const x = graph.input("x", "f32", [64, 64]);
  const product = graph.apply(ops.matMul, { a: x, b: x });
  const cheap = build.unary(x, "exp");
  const between = build.unary(build.unary(build.unary(x, "tanh"), "exp"), "exp");
  graph.output("y", build.add(build.sum(between), build.sum(build.mul(product, cheap))));
  const { peak } = Schedule.of(graph, "main");
  const { again } = rematerialize(graph, "main", peak - 1)!;
  assert.deepEqual(again.map(({ op }) => op), ["Unary"]);
});

Deno.test("rematerialisation: what an update has changed is not computed again", () => {
  const made = (isUpdated: boolean) => {
    const graph = new Graph();
    const build = new NodeBuilder(graph);
    const x = graph.input("x", "f32", [64, 16]);
    const state = graph.state("s", "f32", [16]);
    const early = build.mul(x, state);
    const large = build.mul(build.unary(x, "exp"), build.unary(x, "tanh"));
    const update = graph.apply(ops.assign, { state, x: build.scale(state, 2) });
    if (isUpdated) graph.update(update);
    graph.output("y", build.add(build.sum(build.unary(large, "exp")), build.sum(early)));
    return rematerialize(graph, "main", 64 * ROW * 3);
  };
  assert.deepEqual(made(false)!.again.map(({ op }) => op), ["Mul"]);
  assert.equal(made(true), undefined);
});

Deno.test("early updates: a parameter is updated behind its gradient and whoever reads what it was", () => {
  const graph = new Graph();
  const build = new NodeBuilder(graph);
  const x = graph.input("x", "f32", [1, 16]);
  const parameter = (name: string): Value =>
    graph.parameter(name, { dtype: "f32", shape: [1, 16], data: new Float32Array(16) });
  const [p, q] = ["p", "q"].map(parameter);
  const gradientOfP = build.unary(x, "exp");
  const readsP = build.mul(p, gradientOfP);
  const gradientOfQ = build.unary(readsP, "exp");
  const computed = graph.nodes.length;
  const rate = build.scale(graph.state("step", "f32", [1]), 0.5);
  for (const [value, g] of [[q, gradientOfQ], [p, gradientOfP]] as const) {
    const settings = { momentum: 0, decay: 0, nesterov: false };
    graph.update(graph.apply(ops.sgd, { p: value, g, rate }, settings), "main");
  }
  graph.output("rate", build.shift(rate, 0));
  // What updates give is what they update.
  const { memory } = Schedule.of(graph, "main");
  assert.deepEqual(graph.updates.map(({ value }) => memory.bytesOf(value)), [0, 0]);
  const early = updatedEarly(graph, "main", computed);
  const order = early.nodes.map(({ op, inputs }) => op === "Sgd" ? inputs.p!.name : op);
  assert.deepEqual(order, ["Unary", "Mul", "Mul", "p", "Unary", "q", "Sub"]);
});

Deno.test("work: products and convolutions count their sums", () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [2, 8, 8, 6]);
  const weight = graph.parameter("w", {
    dtype: "f32",
    shape: [4, 3, 3, 3],
    data: new Float32Array(108),
  });
  const y = graph.apply(ops.conv, { x, weight }, { strides: [2, 2], pads: [0, 0, 1, 1], group: 2 });
  graph.output("y", y);
  const [outputs] = [2 * 4 * 4 * 4];
  assert.equal(nodeWork(graph.nodes[0]), outputs * 27 + 8 * outputs);
  const flat = graph.apply(ops.reshape, { x: y }, { shape: [8, 16] });
  graph.output("z", graph.apply(ops.matMul, { a: flat, b: flat }, { transposeB: true }));
  assert.deepEqual(graph.nodes.slice(1).map(nodeWork), [0, 64 * 16 + 8 * 64]);
});
