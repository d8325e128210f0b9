/** Optimisers, clipping, averages and schedules against PyTorch. */
import assert from "node:assert/strict";
import type { Inputs } from "../../../src/engines/engine.ts";
import { loadReference } from "../../../src/engines/reference/mod.ts";
import { Graph } from "../../../src/graph/graph.ts";
import type { Value } from "../../../src/graph/graph.ts";
import { NodeBuilder } from "../../../src/graph/node_builder.ts";
import { compile } from "../../../src/lower/compile.ts";
import { encodeProgram } from "../../../src/program/encode.ts";
import {
  clipByNorm,
  clipByValue,
  movingAverage,
} from "../../../src/training/optimizers/clipping.ts";
import { optimizerStep } from "../../../src/training/optimizers/optimizer.ts";
import type { Optimizer } from "../../../src/training/optimizers/optimizer.ts";
import { afterLoss } from "../../../src/training/optimizers/plateau.ts";
import { learningRate } from "../../../src/training/optimizers/schedule.ts";
import type { Schedule } from "../../../src/training/optimizers/schedule.ts";
import { absent, SHARED } from "../_shared.ts";
import { numbersOf, readOracle, within } from "./_oracle.ts";

const oracle = absent(`${SHARED}/golden/train`) ? undefined : readOracle("optim");
// deno-lint-ignore no-explicit-any
type Case = any;

/** The cases of the file, by their names. */
function casesOf(choose: (c: Case) => boolean): readonly Case[] {
  return oracle?.cases.filter(choose) ?? [];
}

/** An instance of a graph on the reference engine. */
async function load(graph: Graph) {
  return await loadReference(await encodeProgram(compile(graph, { training: true })));
}

/** The optimiser of a case, in our names. */
function optimizerOf({ name, arguments: given }: Case): Optimizer {
  const { momentum, nesterov, weight_decay: decay = 0, betas, eps: epsilon, alpha, keras } = given;
  if (name.startsWith("adam")) {
    return name === "adamw"
      ? { kind: "adamw", betas, epsilon, decay }
      : { kind: "adam", betas, epsilon, decay, keras };
  }
  if (name.startsWith("rmsprop")) return { kind: "rmsprop", alpha, epsilon, momentum, decay };
  if (name === "adagrad") return { kind: "adagrad", epsilon, decay };
  if (name === "lion") return { kind: "lion", betas, decay };
  return { kind: "sgd", momentum, nesterov, decay };
}

/** Our names of the states of PyTorch. */
const STATES: Readonly<Record<string, string>> = {
  momentum_buffer: "momentum",
  exp_avg: "mean",
  exp_avg_sq: "square",
  square_avg: "square",
  sum: "sum",
  m: "mean",
  v: "square",
};

const SIZE = 64;

for (const c of casesOf(({ states }) => states !== undefined)) {
  Deno.test(`golden: optim, ${c.name}`, async () => {
    const graph = new Graph();
    const build = new NodeBuilder(graph);
    const data = Float32Array.from(numbersOf(oracle!, "p0"));
    const p = graph.parameter("p", { dtype: "f32", shape: [SIZE], data });
    const g = graph.input("g", "f32", [SIZE]);
    const step = graph.input("step", "f32", [1]);
    const rate = build.scalar(c.arguments.lr);
    const { parameter } = optimizerStep(build, optimizerOf(c), rate, step)(p, g);
    graph.output("after.p", parameter);
    using instance = await load(graph);
    const gradients = Float32Array.from(numbersOf(oracle!, "g"));
    const [want, bound] = [numbersOf(oracle!, c.f64), numbersOf(oracle!, c.bound)];
    const counts = c.name.startsWith("adam");
    for (let t = 1; t <= 100; t++) {
      const { "after.p": after } = await instance.run({
        g: gradients.subarray((t - 1) * SIZE, t * SIZE),
        ...counts && { step: Float32Array.of(t) },
      });
      const row = c.steps_kept.indexOf(t);
      if (row < 0) continue;
      const expected = want.slice(row * SIZE, (row + 1) * SIZE);
      const most = (i: number): number => bound[row * SIZE + i];
      within(after.data as Float32Array, expected, most, `${c.name}, step ${t}`);
    }
    for (const [name, { tensor, bound }] of Object.entries<Case>(c.states)) {
      const { data } = await instance.read(`p.${STATES[name]}`);
      const bounds = numbersOf(oracle!, bound);
      within(
        data as Float32Array,
        numbersOf(oracle!, tensor),
        (i) => bounds[i],
        `${c.name} ${name}`,
      );
    }
  });
}

/** The schedule of a case, in our names. */
function scheduleOf(c: Case): Schedule {
  const { kind } = c;
  if (kind === "one_cycle") {
    return { kind, steps: c.steps, rise: c.pct_start, div: c.div, finalDiv: c.final_div };
  }
  if (kind === "warm_restarts") return { kind, min: c.min, first: c.T0, factor: c.mult };
  return c;
}

for (const c of casesOf(({ name, kind }) => name === "schedule" && kind !== "plateau")) {
  Deno.test(`golden: optim, schedule ${c.kind}`, async () => {
    const graph = new Graph();
    const step = graph.input("step", "f32", [1]);
    const rate = learningRate(new NodeBuilder(graph), c.lr ?? c.max, scheduleOf(c), step);
    graph.output("rate", rate);
    using instance = await load(graph);
    const got: number[] = [];
    for (let t = 0; t < 200; t++) {
      // A constant rate reads no step, and a program has the inputs that it reads.
      const feeds: Inputs = c.kind === "constant" ? {} : { step: Float32Array.of(t) };
      const { rate } = await instance.run(feeds);
      got.push(rate.data[0] as number);
    }
    const want = numbersOf(oracle!, c.tensor);
    within(got, want, (i) => c.rel * Math.abs(want[i]), c.kind);
  });
}

for (const c of casesOf(({ kind }) => kind === "plateau")) {
  Deno.test("golden: optim, schedule plateau", async () => {
    const graph = new Graph();
    const names = ["rate", "best", "bad", "cooling"] as const;
    const inputs = Object.fromEntries(names.map((name) => [name, graph.input(name, "f32", [1])]));
    const { rate, best, bad, cooling } = inputs as Record<typeof names[number], Value>;
    const loss = graph.input("loss", "f32", [1]);
    const after = afterLoss(new NodeBuilder(graph), { rate, best, bad, cooling }, loss, {
      ...c,
      threshold: Number(c.threshold.replace("relative ", "")),
    });
    for (const name of names) graph.output(`next.${name}`, after[name]);
    using instance = await load(graph);
    let state: Record<string, Float32Array> = {
      rate: Float32Array.of(c.lr),
      best: Float32Array.of(Infinity),
      bad: new Float32Array(1),
      cooling: new Float32Array(1),
    };
    const rates: number[] = [];
    for (const value of numbersOf(oracle!, c.loss)) {
      rates.push(state.rate[0]);
      const next = await instance.run({ ...state, loss: Float32Array.of(value) });
      state = Object.fromEntries(
        names.map((name) => [name, Float32Array.from(next[`next.${name}`].data as Float32Array)]),
      );
    }
    const want = numbersOf(oracle!, c.tensor);
    within(rates, want, (i) => c.rel * want[i], "plateau");
  });
}

for (const c of casesOf(({ name }) => name === "clip_norm")) {
  Deno.test(`golden: optim, clip by norm ${c.max_norm}`, async () => {
    const graph = new Graph();
    const build = new NodeBuilder(graph);
    const inputs = (c.g as string[]).map((name) =>
      graph.input(name, "f32", oracle!.tensors.get(name)!.shape)
    );
    const { gradients, norm, factor } = clipByNorm(build, inputs, c.max_norm);
    graph.output("norm", norm);
    graph.output("factor", factor);
    gradients.forEach((g, i) => graph.output(`clipped.${i}`, g));
    using instance = await load(graph);
    const feeds = (c.g as string[]).map((name) =>
      [name, Float32Array.from(numbersOf(oracle!, name))] as const
    );
    const outputs = await instance.run(Object.fromEntries(feeds));
    const close = (want: number) => () => c.rel * Math.abs(want);
    within(outputs.norm.data as Float32Array, [c.norm], close(c.norm), "norm");
    within(outputs.factor.data as Float32Array, [c.factor], close(c.factor), "factor");
    feeds.forEach(([, data], i) => {
      const want = Array.from(data, (value) => value * c.factor);
      const clipped = outputs[`clipped.${i}`].data as Float32Array;
      within(clipped, want, (j) => c.rel * Math.abs(want[j]), "clipped");
    });
  });
}

for (const c of casesOf(({ name }) => name === "clip_value")) {
  Deno.test("golden: optim, clip by value", async () => {
    const graph = new Graph();
    const [name] = c.g;
    const g = graph.input("g", "f32", oracle!.tensors.get(name)!.shape);
    graph.output("clipped", clipByValue(new NodeBuilder(graph), g, c.limit));
    using instance = await load(graph);
    const { clipped } = await instance.run({ g: Float32Array.from(numbersOf(oracle!, name)) });
    assert.deepEqual(Array.from(clipped.data, Number), c.result);
  });
}

for (const c of casesOf(({ name }) => name === "ema")) {
  Deno.test("golden: optim, moving average", async () => {
    const graph = new Graph();
    const build = new NodeBuilder(graph);
    const average = graph.input("average", "f32", [SIZE]);
    const data = Float32Array.from(numbersOf(oracle!, "p0"));
    const p = graph.parameter("p", { dtype: "f32", shape: [SIZE], data });
    const g = graph.input("g", "f32", [SIZE]);
    const optimizer = { kind: "sgd", momentum: 0.9 } as const;
    const [rate, step] = [build.scalar(0.01), build.scalar(1)];
    const { parameter } = optimizerStep(build, optimizer, rate, step)(p, g);
    graph.output("next", movingAverage(build, average, parameter, c.decay));
    using instance = await load(graph);
    const gradients = Float32Array.from(numbersOf(oracle!, "g"));
    let averaged = data;
    for (let t = 0; t < c.after; t++) {
      const { next } = await instance.run({
        average: averaged,
        g: gradients.subarray(t * SIZE, (t + 1) * SIZE),
      });
      averaged = Float32Array.from(next.data as Float32Array);
    }
    const want = numbersOf(oracle!, c.tensor);
    // An average near zero is as far off as the parameter that is averaged may be.
    const last = numbersOf(oracle!, `${c.of}/bound`).slice(-SIZE);
    within(averaged, want, (i) => Math.max(c.rel * Math.abs(want[i]), last[i]), "average");
  });
}
