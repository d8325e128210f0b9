/** Gradients that pass roundings: against the closed formulas, where differences would say nothing. */
import assert from "node:assert/strict";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import { trainBuild } from "../../src/engines/wasm/train_module.ts";
import { gradients } from "../../src/gradients/gradients.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import { NodeBuilder } from "../../src/graph/node_builder.ts";
import { fusedBitLinear, straightThrough } from "../../src/graph/ops/mod.ts";
import { compile } from "../../src/lower/compile.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { ternarize } from "../../src/quantize/ternary.ts";
import {
  clampThrough,
  floorThrough,
  roundThrough,
} from "../../src/training/layers/straight_through.ts";
import { Random } from "../conformance/_random.ts";

/** Runs what a graph gives, on the module for training. */
async function run(graph: Graph, inputs: Readonly<Record<string, Float32Array>>) {
  const program = await encodeProgram(compile(graph, { training: true }));
  using instance = await loadWasm(program, { build: trainBuild() });
  return await instance.run(inputs);
}

Deno.test("a ternary layer has the gradients of the product of its codes and trits", async () => {
  const [rows, K, N, epsilon] = [5, 24, 7, 1e-6];
  const random = new Random(4);
  const draw = (count: number, plus = 0): Float32Array =>
    Float32Array.from({ length: count }, () => random.unit() * 2 - 1 + plus);
  const values = { x: draw(rows * K), gamma: draw(K, 2), weight: draw(N * K), dy: draw(rows * N) };
  const graph = new Graph();
  const x = graph.input("x", "f32", [rows, K]);
  const gamma = graph.input("gamma", "f32", [K]);
  const weight = graph.input("weight", "f32", [N, K]);
  const cotangent = graph.input("dy", "f32", [rows, N]);
  const y = graph.apply(fusedBitLinear, { x, gamma, weight }, { epsilon });
  graph.output("y", y);
  gradients(graph, y, [x, gamma, weight], { cotangent })
    .forEach((made, i) => graph.output(["dx", "dgamma", "dw"][i], made));
  const outputs = await run(graph, values);
  // MatMul-free LM: dW = dyᵀ·(q/α), dŷ = dy·(t·μ), then the norm.
  const { trits, scale } = ternarize(values.weight);
  const want = {
    y: new Float64Array(rows * N),
    dx: new Float64Array(rows * K),
    dgamma: new Float64Array(K),
    dw: new Float64Array(N * K),
  };
  for (let r = 0; r < rows; r++) {
    const row = values.x.subarray(r * K, (r + 1) * K);
    const factor = 1 / Math.sqrt(row.reduce((a, v) => a + v * v, 0) / K + epsilon);
    const normalized = Array.from(row, (v) => v * factor);
    const scaled = normalized.map((v, k) => v * values.gamma[k]);
    const alpha = 127 / Math.max(...scaled.map(Math.abs));
    const codes = scaled.map((v) => Math.sign(v) * Math.floor(Math.abs(v * alpha) + 0.5));
    const gradient = new Array(K).fill(0);
    for (let n = 0; n < N; n++) {
      const dy = values.dy[r * N + n];
      for (let k = 0; k < K; k++) {
        want.y[r * N + n] += codes[k] / alpha * trits[n * K + k] * scale;
        want.dw[n * K + k] += dy * codes[k] / alpha;
        gradient[k] += dy * trits[n * K + k] * scale;
      }
    }
    const weighted = gradient.map((g, k) => g * values.gamma[k]);
    const mean = weighted.reduce((a, g, k) => a + g * normalized[k], 0) / K;
    for (let k = 0; k < K; k++) {
      want.dgamma[k] += gradient[k] * normalized[k];
      want.dx[r * K + k] = factor * (weighted[k] - normalized[k] * mean);
    }
  }
  for (const [name, numbers] of Object.entries(want)) {
    const most = Math.max(...numbers.map(Math.abs));
    numbers.forEach((number, i) => {
      const off = Math.abs(outputs[name].data[i] as number - number);
      assert.ok(off <= 2e-6 * most, `${name}[${i}]: ${outputs[name].data[i]}, ${number}`);
    });
  }
});

Deno.test("a layer whose sums float32 may not hold is not trained", () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [1, 132_105]);
  const gamma = graph.input("gamma", "f32", [132_105]);
  const weight = graph.input("weight", "f32", [1, 132_105]);
  graph.output("y", graph.apply(fusedBitLinear, { x, gamma, weight }, { epsilon: 1e-6 }));
  assert.throws(() => compile(graph, { training: true }), { code: "unsupported" });
});

/** A function of inputs from −3 to 3 in quarters, with its gradient. */
async function inQuarters(make: (build: NodeBuilder, x: Value) => Value) {
  const graph = new Graph();
  const build = new NodeBuilder(graph);
  const x = graph.input("x", "f32", [1, 25]);
  const y = make(build, x);
  graph.output("y", y);
  graph.output("dx", gradients(graph, build.sum(build.scale(y, 3)), [x])[0]);
  const numbers = Float32Array.from({ length: 25 }, (_, i) => i / 4 - 3);
  const { y: { data }, dx } = await run(graph, { x: numbers });
  return { numbers, y: [...data as Float32Array], dx: [...dx.data as Float32Array] };
}

Deno.test("roundings and clamps pass gradients as they are", async () => {
  const threes = new Array(25).fill(3);
  const floor = await inQuarters(floorThrough);
  assert.deepEqual(floor.y, Array.from(floor.numbers, Math.floor));
  assert.deepEqual(floor.dx, threes);
  const rounded = await inQuarters(roundThrough);
  const even = Array.from(rounded.numbers, (v) => {
    const low = Math.floor(v), rest = v - low;
    return rest === 0.5 ? 2 * Math.round(low / 2 + 0.25) : Math.round(v);
  });
  assert.deepEqual(rounded.y.map((v) => v + 0), even.map((v) => v + 0));
  assert.deepEqual(rounded.dx, threes);
  const clamped = await inQuarters((build, x) => clampThrough(build, x, -1, 1.5));
  assert.deepEqual(clamped.y, Array.from(clamped.numbers, (v) => Math.min(1.5, Math.max(-1, v))));
  assert.deepEqual(clamped.dx, threes);
});

Deno.test("what stands for a value has its gradient, and is not computed", async () => {
  const graph = new Graph();
  const build = new NodeBuilder(graph);
  const x = graph.input("x", "f32", [1, 2]);
  const value = graph.input("value", "f32", [1, 2]);
  const stands = graph.apply(straightThrough, { value, x: build.unary(x, "square") });
  graph.output("y", stands);
  const program = compile(graph, { training: true });
  assert.equal(program.tensors.some(({ name }) => name === "x"), false);
  const [dx] = gradients(graph, build.sum(build.mul(stands, stands)), [x]);
  graph.output("dx", dx);
  const outputs = await run(graph, {
    x: Float32Array.of(2, 3),
    value: Float32Array.of(10, 20),
  });
  assert.deepEqual([...outputs.y.data], [10, 20]);
  // 2·value·2x
  assert.deepEqual([...outputs.dx.data], [80, 240]);
});
