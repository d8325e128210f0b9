/** What has no integers is refused with its name. */
import assert from "node:assert/strict";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { rewriteIntegers } from "../../src/quantize/rewriter.ts";
import type { Grid } from "../../src/quantize/sites.ts";
import { constant, methodOf } from "./_method.ts";

const X = { bits: 8 } as const;

function refused(
  title: string,
  make: (graph: Graph, x: Value) => Value,
  message: RegExp,
  grids: Readonly<Record<string, Grid>> = { x: X },
): void {
  Deno.test(`refused: ${title}`, () => {
    const graph = new Graph();
    graph.output("y", make(graph, graph.input("x", "f32", [2, 4])));
    assert.throws(
      () => rewriteIntegers(graph, methodOf(grids), [{ from: "main", to: "main" }]),
      { code: "unsupported", message },
    );
  });
}

refused("an op of other models", (graph, x) => {
  const gamma = constant(graph, "g", [4], [1, 1, 1, 1]);
  return graph.apply(ops.rmsNormalization, { x, gamma }, { epsilon: 0 });
}, /Test has no integers for the op RMSNormalization/);

refused("an op that nobody knows", (graph, x) => {
  const op = {
    name: "Unknown",
    inputs: ["x"] as const,
    infer: ({ x: { dtype, shape } }: { x: Value }) => ({ y: { dtype, shape } }),
  };
  return graph.apply(op, { x });
}, /Test has no integers for the op Unknown/);

refused(
  "weights that are not constant",
  (graph, x) => {
    const weight = graph.apply(ops.identity, { x: graph.input("w", "f32", [3, 4]) });
    return graph.apply(ops.linear, { x, weight }, {}, { name: "layer" });
  },
  /is not constant/,
  { x: X, w: X },
);

refused("a value that has no grid where one is needed", (graph, x) => {
  const z = graph.apply(ops.gelu, { x }, {}, { output: "z" });
  return graph.apply(ops.gelu, { x: z });
}, /0 grids for "z"/);

refused("a value without a name", (graph, x) => graph.apply(ops.identity, { x }), /needs a name/, {
  x: X,
  "": X,
});

for (const [title, names] of [["without a name", ["", ""]], ["of one name", ["a", "a"]]] as const) {
  refused(
    `two layers ${title}`,
    (graph, x) => {
      const weight = constant(graph, "w", [4, 4], Array(16).fill(1));
      const z = graph.apply(ops.linear, { x, weight }, {}, { name: names[0], output: "z" });
      return graph.apply(ops.linear, { x: z, weight }, {}, { name: names[1] });
    },
    /Test needs a name of its own for each Linear, got "a?"/,
    { x: X, z: X },
  );
}

refused("texts without settings for them", (graph, x) => {
  const offsets = graph.input("offsets", "i32", [2], { check: "offsets", limit: 2 });
  return graph.apply(ops.attentionRagged, { q: x, k: x, v: x, offsets }, { heads: 1, scale: 1 });
}, /AttentionRagged/);

Deno.test("refused: a value that is read on a grid that it does not have", () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [2, 4]);
  graph.output("y", graph.apply(ops.gelu, { x }, {}, { output: "y" }));
  const method = methodOf({});
  const siteOf: typeof method.siteOf = (value, use) => ({
    name: `${value.name} ${use.kind}`,
    bits: 8,
  });
  graph.output("z", x);
  assert.throws(
    () => rewriteIntegers(graph, { ...method, siteOf }, [{ from: "main", to: "main" }]),
    { code: "unsupported", message: /2 grids for "x"/ },
  );
});
