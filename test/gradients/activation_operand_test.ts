/** The gradient of a ReLU reads its result, which says as much as its argument. */
import assert from "node:assert/strict";
import { gradients } from "../../src/gradients/gradients.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { loadReference } from "../../src/engines/reference/mod.ts";
import { compile } from "../../src/lower/compile.ts";
import { encodeProgram } from "../../src/program/encode.ts";

/** Corners, their neighbours, and what 16 bits round to 0. */
const X = Float32Array.of(
  -1,
  -0,
  0,
  1e-45,
  1e-41,
  0.5,
  6,
  5.9999995,
  6.0000005,
  7,
  NaN,
  Infinity,
  -Infinity,
);

/** The graph of `f(x)`, its value and the gradient of `Σ f(x)·dy`, y kept as it is said. */
function graphOf(kind: "relu" | "relu6" | "sigmoid", kept?: "bf16") {
  const graph = new Graph();
  const [x, dy] = ["x", "dy"].map((name) => graph.input(name, "f32", [1, X.length]));
  const y = graph.apply(ops.unary, { x }, { kind });
  if (kept !== undefined) graph.storage.set(y.id, { type: kept });
  const [dx] = gradients(graph, y, [x], { cotangent: dy });
  graph.output("dx", dx);
  return { graph, x, y };
}

const readBy = ({ nodes }: Graph): Value | undefined =>
  nodes.find(({ op }) => op === "UnaryGradient")!.inputs.x;

Deno.test("gradients: that of a ReLU reads its result, to the bit what its argument gives", async () => {
  const dy = X.map((_, i) => i - 3.5);
  for (
    const [kind, isOne] of [["relu", (x: number) => x > 0], [
      "relu6",
      (x: number) => x > 0 && x < 6,
    ]] as const
  ) {
    const { graph, y } = graphOf(kind);
    assert.equal(readBy(graph), y);
    const instance = await loadReference(await encodeProgram(compile(graph, { training: true })));
    const { dx } = instance.runSync({ x: X, dy });
    assert.deepEqual([...dx.data], [...X].map((x, i) => dy[i] * (isOne(x) ? 1 : 0)));
  }
});

Deno.test("gradients: a result in fewer bits than its argument does not say what is above 0", () => {
  const { graph, x } = graphOf("relu", "bf16");
  assert.equal(readBy(graph), x);
  const smooth = graphOf("sigmoid");
  assert.equal(readBy(smooth.graph), smooth.x);
});
