/** SGD of parameters in 16 bits over 200 steps, to the bit: masters, Kahan's sum, none, stochastic rounding; and scales of losses. */
import assert from "node:assert/strict";
import { loadWasm } from "../../../src/engines/wasm/load.ts";
import { trainBuild } from "../../../src/engines/wasm/train_module.ts";
import { Graph } from "../../../src/graph/graph.ts";
import type { Value } from "../../../src/graph/graph.ts";
import { sgd } from "../../../src/graph/ops/mod.ts";
import type { Master } from "../../../src/graph/storage.ts";
import { compile } from "../../../src/lower/compile.ts";
import { roundToHalf } from "../../../src/numeric/half.ts";
import type { HalfType } from "../../../src/numeric/half.ts";
import { mergedBits } from "../../../src/numeric/split_master.ts";
import { encodeProgram } from "../../../src/program/encode.ts";
import { NodeBuilder } from "../../../src/graph/node_builder.ts";
import { RandomWords } from "../../../src/training/_random_words.ts";
import { trainingGraph } from "../../../src/training/training_graph.ts";
import { absent, readJson, SHARED } from "../_shared.ts";
import { Stream } from "../seeded.ts";
import { readOracle } from "./_oracle.ts";

const isAbsent = absent(`${SHARED}/golden/train`);
const oracle = isAbsent ? undefined : readOracle("half_update");
const N = 64;

/** One update of a parameter by a gradient that is an input. */
function updateOf(type: HalfType, kind: string, start: Float32Array): Graph {
  const graph = new Graph();
  const p = graph.parameter("p", { dtype: "f32", shape: [1, N], data: start });
  const g = graph.input("g", "f32", [1, N]);
  const rate = new NodeBuilder(graph).scalar(0.001);
  const master = masterOf(graph, kind);
  graph.storage.set(p.id, { type, ...master && { master } });
  if (master?.kind === "kahan") graph.storage.set(master.rest.id, { type });
  const attributes = { momentum: 0, decay: 0, nesterov: false };
  graph.update(graph.apply(sgd, { p, g, rate }, attributes));
  words?.count("main", "main");
  return graph;
}

let words: RandomWords | undefined;

function masterOf(graph: Graph, kind: string): Master | undefined {
  words = undefined;
  switch (kind) {
    case "split":
      return { kind, low: graph.state("low", "i16", [1, N], new Int16Array(N)) };
    case "kahan":
      return { kind, rest: graph.state("rest", "f32", [1, N]) };
    case "stochastic": {
      words = new RandomWords(graph, 7, 1);
      const random: Value = words.of(0);
      return { kind, random, stream: 1 };
    }
    default:
      return undefined;
  }
}

for (const c of oracle?.cases ?? []) {
  const [type, kind] = c.name.split("/") as [HalfType, string];
  // The float32 master is an update of float32, of which `split` keeps the halves.
  if (kind === "master") continue;
  Deno.test(`golden: half_update, ${c.name}`, async () => {
    const of = (name: string) => oracle!.tensors.get(name)!.data;
    const p0 = (of("p0") as Float32Array).map((x) => roundToHalf(type, x));
    const graph = updateOf(type, kind, p0);
    const bytes = await encodeProgram(compile(graph, { training: true }));
    using instance = await loadWasm(bytes, { build: trainBuild() });
    const gradients = of("g") as Float32Array;
    for (let t = 0; t < 200; t++) {
      await instance.run({ g: gradients.slice(t * N, (t + 1) * N) });
      const row = c.after.indexOf(t + 1);
      if (row < 0) continue;
      const part = (name: string) => [...of(name)].slice(row * N, (row + 1) * N);
      const { data } = await instance.read("p");
      assert.deepEqual([...data], part(c.result ?? c.high), `step ${t + 1}`);
      if (kind !== "split") continue;
      const low = [...(await instance.read("low")).data] as number[];
      assert.deepEqual(low, part(c.low.split(" ")[0]), `step ${t + 1}, low`);
      const merged = Uint32Array.from(data as Uint16Array, (h, i) => mergedBits(h, low[i]));
      assert.deepEqual([...new Float32Array(merged.buffer)], part("bf16/master32"));
    }
  });
}

for (const type of ["bf16", "f16"] as HalfType[]) {
  Deno.test({
    name: `golden: half_update, ${type}/master: a step computes with the rounded parameter`,
    ignore: isAbsent,
    fn: async () => {
      // loss = Σ g·p, so that the gradient of p is what the oracle has, where that fits into 16 bits.
      const of = (name: string) => oracle!.tensors.get(name)!.data as Float32Array;
      const start = of("p0").map((x) => roundToHalf(type, x));
      const graph = new Graph();
      const build = new NodeBuilder(graph);
      const p = graph.parameter("p", { dtype: "f32", shape: [1, N], data: start });
      const g = graph.input("g", "f32", [1, N]);
      const product = build.mul(p, build.scale(g, 1));
      graph.output("product", product);
      const loss = build.sum(product);
      const trained = trainingGraph(graph, {
        ...{ loss, rate: 0.001, dtype: type, master: "f32" as const },
        lossScale: { initial: 1, interval: 0 },
      });
      const bytes = await encodeProgram(compile(trained, { training: true }));
      using instance = await loadWasm(bytes, { build: trainBuild() });
      const master = start.slice();
      for (let t = 0; t < 50; t++) {
        const rounded = of("g").slice(t * N, (t + 1) * N).map((x) => roundToHalf(type, x));
        const { product } = await instance.run({ g: rounded }, { entry: "main" });
        master.forEach((w, i) => {
          const want = roundToHalf(type, Math.fround(roundToHalf(type, w) * rounded[i]));
          assert.equal(product.data[i], want);
        });
        await instance.run({ g: rounded }, { entry: "train_step" });
        const rate = Math.fround(0.001);
        master.forEach((w, i) => master[i] = w - Math.fround(rate * rounded[i]));
        assert.deepEqual((await instance.read("p")).data, master);
      }
    },
  });
}

// deno-lint-ignore no-explicit-any
const scaler: any = isAbsent ? { cases: [] } : readJson("golden/train/scaler.json");

for (const c of scaler.cases) {
  const name = `${c.overflow}, ${c.interval}, ${c.initial}`;
  Deno.test(`golden: scaler, ${name}`, async () => {
    const graph = new Graph();
    const build = new NodeBuilder(graph);
    const p = graph.parameter("p", { dtype: "f32", shape: [1, 4], data: new Float32Array(4) });
    const g = graph.input("g", "f32", [1, 4]);
    // Only the loss reads them: gradients are float32, as the oracle's, and the scale is exact.
    const loss = build.sum(build.mul(p, g));
    graph.output("x", build.scale(p, 2));
    const trained = trainingGraph(graph, {
      ...{ loss, rate: 0.01, optimizer: { kind: "adam" as const } },
      ...{ dtype: "f16" as const, master: "f32" as const },
      lossScale: { initial: c.initial, interval: c.interval },
    });
    const bytes = await encodeProgram(compile(trained, { training: true }));
    using instance = await loadWasm(bytes, { build: trainBuild() });
    const gradients = new Stream(302).take(2400, 1);
    const overflow = c.overflow === "stored"
      ? scaler.overflow
      : "0".repeat(300) + (c.overflow === "step 300 only" ? "1" : "0") + "0".repeat(c.steps);
    const scales: number[] = [];
    let steps = 0;
    let before = (await instance.read("p")).data;
    for (let t = 0; t < c.steps; t++) {
      const row = gradients.slice(t % 600 * 4, t % 600 * 4 + 4);
      const isBad = overflow[t] === "1";
      if (isBad) row[t % 4] = [Infinity, -Infinity, NaN][t % 3];
      const { scale, taken } = await instance.run({ g: row }, { entry: "train_step" });
      scales.push(Math.log2(scale.data[0] as number));
      assert.equal(taken.data[0], isBad ? 0 : 1, `step ${t}`);
      steps += taken.data[0] as number;
      const after = (await instance.read("p")).data;
      if (isBad) assert.deepEqual(after, before, `step ${t} is left out`);
      before = after;
    }
    scales.push(Math.log2((await instance.read("train.scale")).data[0] as number));
    const want = c.clamped_log2_scale.flatMap(([value, count]: number[]) =>
      Array.from({ length: count }, () => value)
    );
    assert.deepEqual(scales, want);
    assert.equal(steps, c.optimizer_steps);
    assert.equal((await instance.read("train.step")).data[0], c.optimizer_steps);
    c.last_parameters.forEach((value: number, i: number) => {
      assert.ok(Math.abs(before[i] as number - value) <= 1e-5 * Math.abs(value), `${before[i]}`);
    });
  });
}
