/** Constant indices are below every extent that they point into. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import { Graph } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { compile } from "../../src/lower/compile.ts";

/** Rows of an index from values with so many rows each. */
function gathers(index: readonly number[], ...rows: number[]) {
  const graph = new Graph();
  const data = Int32Array.from(index);
  const value = graph.constant("index", { dtype: "i32", shape: [data.length], data });
  rows.forEach((count, i) => {
    const x = graph.input(`x${i}`, "f32", [1, count, 2]);
    graph.output(`y${i}`, graph.apply(ops.gatherRows, { x, index: value }));
  });
  return load(compile(graph), { engine: "reference" });
}

Deno.test("an index is below the least of the extents that it points into, in any order", async () => {
  for (const rows of [[3], [5, 3], [3, 5], [5, 3, 5]]) {
    using _ = await gathers([0, 2], ...rows);
    for (const bad of [3, 4, -1]) {
      await assert.rejects(gathers([0, bad], ...rows), { message: /limit 3/ });
    }
  }
});
