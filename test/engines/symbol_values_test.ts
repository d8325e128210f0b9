/** Sizes of a run: given, or from the inputs, or defaults. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import { Graph } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import type { Extent, SymbolicExtent } from "../../src/graph/graph.ts";
import { compile } from "../../src/lower/compile.ts";
import { attempt } from "../_attempt.ts";

/** x with these extents, plus itself. */
async function instanceOf(shape: (batch: SymbolicExtent, width: SymbolicExtent) => Extent[]) {
  const graph = new Graph();
  const batch = graph.symbol("batch", 16, 8);
  const width = graph.loadSymbol("width", 16, 3);
  const x = graph.input("x", "f32", shape(batch, width));
  graph.output("y", graph.apply(ops.add, { a: x, b: x }));
  return await load(compile(graph), { engine: "reference" });
}

/** x[batch, 3] plus itself, of one row at most. */
function addition(): Graph {
  const graph = new Graph();
  const x = graph.input("x", "f32", [graph.symbol("batch", 1), 3]);
  graph.output("y", graph.apply(ops.add, { a: x, b: x }));
  return graph;
}

Deno.test("a whole extent follows from the size of an input, whatever it is multiplied by", async () => {
  using one = await instanceOf((batch, width) => [batch, width]);
  assert.deepEqual(attempt(() => one.runSync({ x: new Float32Array(15) })).y.shape, [5, 3]);
  using times = await instanceOf((batch) => [{ ...batch, factor: 2 }, 4]);
  assert.deepEqual(attempt(() => times.runSync({ x: new Float32Array(24) })).y.shape, [6, 4]);
});

Deno.test("what does not follow has its default, or what is given", async () => {
  // Not with something added, nor twice in one input.
  using plus = await instanceOf((batch) => [{ ...batch, plus: 1 }, 4]);
  assert.deepEqual(attempt(() => plus.runSync({ x: new Float32Array(8) })).y.shape, [2, 4]);
  assert.throws(() => plus.runSync({ x: new Float32Array(12) }), { code: "shape_mismatch" });
  assert.deepEqual(
    plus.runSync({ x: new Float32Array(12) }, { symbols: { batch: 2 } }).y.shape,
    [3, 4],
  );
  using square = await instanceOf((batch) => [batch, 4, batch]);
  assert.throws(() => square.runSync({ x: new Float32Array(16) }), { code: "shape_mismatch" });
  assert.deepEqual(
    square.runSync({ x: new Float32Array(16) }, { symbols: { batch: 2 } }).y.shape,
    [2, 4, 2],
  );
});

Deno.test("an extent that changes with another symbol says nothing", async () => {
  const graph = new Graph();
  const [a, b] = [graph.symbol("a", 9, 9), graph.symbol("b", 9, 9)];
  const x = graph.input("x", "f32", [a, b]);
  graph.output("y", graph.apply(ops.add, { a: x, b: x }));
  using instance = await load(compile(graph), { engine: "reference" });
  const x6 = { x: new Float32Array(6) };
  assert.throws(() => instance.runSync(x6), { code: "shape_mismatch", message: /\[1, 1\]/ });
  assert.deepEqual(instance.runSync(x6, { symbols: { a: 2, b: 3 } }).y.shape, [2, 3]);
});

Deno.test("values are integers of the symbol's range, names those of run-time symbols", async () => {
  using instance = await instanceOf((batch, width) => [batch, width]);
  for (const batch of [0, -1, 1.5, NaN, 9]) {
    assert.throws(
      () => instance.runSync({ x: new Float32Array(3) }, { symbols: { batch } }),
      { code: "invalid_argument", message: /batch = .*from 1 to 8/ },
    );
  }
  for (const name of ["width", "max_batch", "other"]) {
    assert.throws(
      () => instance.runSync({ x: new Float32Array(3) }, { symbols: { [name]: 1 } }),
      { code: "invalid_argument", message: /no run-time symbol/ },
    );
  }
  // Too many rows, and no whole number of them.
  for (const length of [27, 4]) {
    assert.throws(() => instance.runSync({ x: new Float32Array(length) }), {
      code: "shape_mismatch",
      message: `Cannot run: x: ${4 * length} bytes, 12 to 96 expected, in steps of 12`,
    });
  }
  using single = await load(compile(addition()), { engine: "reference" });
  assert.throws(() => single.runSync({ x: new Uint8Array(10) }), {
    code: "shape_mismatch",
    message: "Cannot run: x: 10 bytes, 12 expected",
  });
});
