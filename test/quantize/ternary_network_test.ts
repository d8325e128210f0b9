/** Latent weights become trits; everything else of a graph stays. */
import assert from "node:assert/strict";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { quantizeTernary } from "../../src/quantize/ternary_network.ts";
import { attemptAsync } from "../_attempt.ts";
import { constant } from "./_method.ts";

/** Mean magnitude 2: −3 and 5 are trits, ±1 and 0 are nothing (½ is a tie). */
const LATENT = [-3, 5, 1, -1, 0, 2.5, -2, 1.5];
const TRITS = [-1, 1, 0, 0, 0, 1, -1, 1];

function fused(graph: Graph, x: Value, weight: Value, name: string): Value {
  const gamma = constant(graph, `${name}.gamma`, [4], [1, 1, 1, 1]);
  return graph.apply(ops.fusedBitLinear, { x, gamma, weight }, { epsilon: 0.25 }, {
    name,
    output: `${name}.y`,
  });
}

function network(): Graph {
  const graph = new Graph();
  const x = graph.input("x", "f32", [2, 4]);
  const first = fused(graph, x, constant(graph, "w", [2, 4], LATENT), "first");
  const second = fused(graph, x, constant(graph, "v", [2, 4], LATENT.map((w) => 2 * w)), "second");
  const sum = graph.apply(ops.add, { a: first, b: second }, {}, { name: "sum", output: "sum" });
  graph.output("y", sum, "entry");
  return graph;
}

Deno.test("latent weights are trits in base 3, with a scale and the names of the layer", async () => {
  const progress: string[] = [];
  const source = network();
  const graph = await attemptAsync(() =>
    quantizeTernary(source, { onProgress: (done, total) => progress.push(`${done}/${total}`) })
  );
  assert.deepEqual(progress, ["1/2", "2/2"]);
  assert.deepEqual(graph.nodes.map(({ op, name }) => `${op} ${name}`), [
    "BitLinear first",
    "BitLinear second",
    "Add sum",
  ]);
  for (const [i, node] of graph.nodes.slice(0, 2).entries()) {
    const { weight, weightScale, x, gamma } = node.inputs;
    const known = graph.constants.get(weight!.id)!;
    const { dtype, shape, data } = known.tensor(new Map());
    assert.deepEqual([dtype, shape, [...data]], ["i8", [2, 4], TRITS]);
    assert.equal(known.base3!.length, 2);
    assert.deepEqual([...graph.constants.get(weightScale!.id)!.tensor(new Map()).data], [
      2 * (i + 1),
    ]);
    assert.deepEqual([x!.name, gamma!.name], ["x", `${node.name}.gamma`]);
    assert.deepEqual(node.attributes, { epsilon: 0.25 });
    assert.equal(node.outputs.y.name, `${node.name}.y`);
  }
  const [{ name, entry, value }] = graph.outputs;
  assert.deepEqual([name, entry, value], ["y", "entry", graph.nodes[2].outputs.y]);
  assert.ok(source.nodes.every(({ op }) => op !== "BitLinear"));
});

Deno.test("weights that are not constant are refused with their layer, a signal stops", async () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [2, 4]);
  graph.output("y", fused(graph, x, graph.input("w", "f32", [2, 4]), "layer.3"));
  const unsupported = { code: "unsupported", message: /layer\.3/ };
  await assert.rejects(quantizeTernary(graph), unsupported);
  const derived = new Graph();
  const weight = derived.derived("f32", [2, 4], ["s"], () => ({
    dtype: "f32",
    shape: [2, 4],
    data: Float32Array.from(LATENT),
  }));
  derived.output("y", fused(derived, derived.input("x", "f32", [2, 4]), weight, "layer.3"));
  await assert.rejects(quantizeTernary(derived), unsupported);
  const reason = new Error("stop");
  await assert.rejects(quantizeTernary(network(), { signal: AbortSignal.abort(reason) }), reason);
});
