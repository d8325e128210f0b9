/** Blocks that are learned some at a time, behind rows of a prefix, and with a scale for each row of 8 bits. */
import assert from "node:assert/strict";
import { Graph } from "../../src/graph/graph.ts";
import { NodeBuilder } from "../../src/graph/node_builder.ts";
import { exportLearned } from "../../src/training/quantization/export_learned.ts";
import { folded, loaded, readPrefix } from "../../src/training/quantization/fold_scales.ts";
import { LearnedLlama } from "../../src/training/quantization/learned_llama.ts";
import type { LearnedSettings } from "../../src/training/quantization/learned_llama.ts";
import { LearningStages } from "../../src/training/quantization/learning_stages.ts";
import type { LearnedBlock } from "../../src/training/quantization/learning_stages.ts";
import { Random } from "../conformance/_random.ts";
import { float64Logits } from "../models/_llama.ts";
import { tinyLlama, tinySizes, windowsOf } from "./_learned_llama.ts";

const SIZES = tinySizes(3);
const { config: CONFIG, weights: WEIGHTS, tensors: TENSORS } = tinyLlama(SIZES);
const W4: LearnedSettings = {
  sites: { norm1: 8, k: 8, v: 8, down: 8 },
  weightBits: 4,
  ranges: "log",
};
const PREFIX = [3, 17];
const random = new Random(4);
const WINDOWS = windowsOf(random, 4);

async function calibrated(settings = W4, prefix = PREFIX): Promise<LearnedLlama> {
  const model = new LearnedLlama(CONFIG, WEIGHTS, settings);
  if (prefix.length > 0) await readPrefix(model, prefix);
  await new LearningStages(model, WINDOWS).calibrate();
  return model;
}

/** Logits of the float network. */
async function logitsOf(model: LearnedLlama, ids: readonly number[]): Promise<Float32Array> {
  const graph = new Graph();
  const build = new NodeBuilder(graph);
  let x = graph.input("x", "f32", [ids.length, CONFIG.width]);
  for (let layer = 0; layer < CONFIG.depth; layer++) x = model.floatBlock(build, layer, x);
  graph.output("y", model.logits(build, x));
  using instance = await loaded(graph);
  return (instance.runSync({ x: model.embed(ids) }).y.data as Float32Array).slice();
}

const OPTIONS = { rates: { let: 0.01, lwc: 0.1 }, epochs: 20 };

Deno.test("blocks that are learned some at a time are those that are learned at once", async () => {
  const [whole, parts] = [await calibrated(), await calibrated()];
  const told: LearnedBlock[] = [];
  const tell = (block: LearnedBlock): number => told.push(block);
  await new LearningStages(whole, WINDOWS).learnBlocks({
    ...OPTIONS,
    onBlock: (block) => void tell(block),
  });
  assert.deepEqual(told.map(({ layer }) => layer), [0, 1, 2]);
  // Later blocks read what those before have made wrong.
  const [{ before, after }] = told;
  assert.ok(after < 0.95 * before, `${before} to ${after}`);
  const first = new Map([...parts.values].map(([name, values]) => [name, values.slice()]));
  await new LearningStages(parts, WINDOWS).learnBlocks({ ...OPTIONS, layers: { from: 0, to: 1 } });
  for (const [name, values] of parts.values) {
    const isLearned = name.startsWith("layers.0.") && !name.includes(".range.");
    assert.equal(values.every((x, i) => x === first.get(name)![i]), !isLearned, name);
  }
  await new LearningStages(parts, WINDOWS).learnBlocks({ ...OPTIONS, layers: { from: 1, to: 3 } });
  assert.deepEqual(parts.values, whole.values);
});

Deno.test("the error of a block is that of its output, in parts of its square", async () => {
  const model = await calibrated({ sites: {}, weightBits: 4, ranges: "log" }, []);
  const one = { ...CONFIG, depth: 1 };
  const own = new LearnedLlama(one, WEIGHTS, model.settings);
  const stages = new LearningStages(own, WINDOWS);
  const told: LearnedBlock[] = [];
  const start = await stages.residuals();
  await stages.learnBlocks({ ...OPTIONS, onBlock: (block) => void told.push(block) });
  const float = new Graph();
  const x = float.input("x", "f32", [16, CONFIG.width]);
  float.output("y", own.floatBlock(new NodeBuilder(float), 0, x));
  using instance = await loaded(float);
  const errorOf = (all: readonly Float32Array[]): number => {
    let sum = 0;
    for (const [w, ids] of WINDOWS.entries()) {
      const wanted = instance.runSync({ x: own.embed(ids) }).y.data as Float32Array;
      for (let row = 0; row < 16; row++) {
        let [error, square] = [0, 0];
        for (let i = row * CONFIG.width; i < (row + 1) * CONFIG.width; i++) {
          error += (all[w][i] - wanted[i]) ** 2;
          square += wanted[i] ** 2;
        }
        sum += error / square;
      }
    }
    return sum / WINDOWS.length / 16;
  };
  const [{ before, after }] = told;
  assert.ok(Math.abs(before / errorOf(start) - 1) < 1e-6);
  assert.ok(Math.abs(after / errorOf(await stages.residuals()) - 1) < 1e-6);
});

Deno.test("behind a prefix the float network is that of the whole text", async () => {
  const model = await calibrated();
  for (const [name, values] of model.values) {
    if (name.includes(".let.")) values.forEach((_, i) => values[i] = 0.6 + random.unit());
  }
  const [ids] = WINDOWS;
  const wanted = float64Logits(SIZES, TENSORS, [...PREFIX, ...ids]).slice(PREFIX.length).flat();
  for (const [name, own] of [["as it is", model], ["folded", await folded(model)]] as const) {
    const got = await logitsOf(own, ids);
    wanted.forEach((x, i) =>
      assert.ok(Math.abs(got[i] - x) < 1e-4, `${name}: ${got[i]}, not ${x}`)
    );
  }
  // Scales that the weights take up, and those that a quantised block moves, are the same ones.
  const residuals = async (of: LearnedLlama): Promise<number[]> =>
    (await new LearningStages(of, [ids]).residuals()).flatMap((x) => [...x]);
  const [a, b] = [await residuals(model), await residuals(await folded(model))];
  const most = Math.max(...a.map(Math.abs));
  const wrong = a.filter((x, i) => Math.abs(x - b[i]) > 1e-4 * most).length;
  assert.ok(wrong <= 0.03 * a.length, `${wrong} of ${a.length}`);
});

Deno.test("ranges of keys and values hold the rows of a prefix", async () => {
  const model = new LearnedLlama(CONFIG, WEIGHTS, W4);
  const rows = (x: number) => new Float32Array(SIZES.kvHeads * SIZES.headSize).fill(x);
  model.setPrefix(
    Array.from({ length: SIZES.depth }, () => ({ keys: rows(-90), values: rows(50) })),
  );
  await new LearningStages(model, WINDOWS).calibrate();
  const { ranges } = await exportLearned(model);
  for (let layer = 0; layer < SIZES.depth; layer++) {
    const [[low], [, high]] = [ranges.get(`layers.${layer}.k`)!, ranges.get(`layers.${layer}.v`)!];
    assert.ok(Math.abs(low / -90 - 1) < 0.01, `${low}`);
    assert.ok(Math.abs(high / 50 - 1) < 0.01, `${high}`);
  }
});

Deno.test("8 bits have a scale for each row where that is asked for", async () => {
  const errors: number[] = [];
  for (const perRow of [false, true]) {
    const model = await calibrated({
      sites: {},
      weightBits: 8,
      symmetric: true,
      perRow,
      ranges: "log",
    });
    const rows = { q: 16, k: 8, v: 8, o: 12, gate: 20, up: 20, down: 12 };
    for (const [name, count] of Object.entries(rows)) {
      const expected = perRow || name === "down" ? count : 1;
      assert.equal(model.values.get(`layers.1.lwc.${name}.high`)!.length, expected);
    }
    for (const [name, values] of model.values) if (name.includes(".lwc.")) values.fill(30);
    errors.push(await new LearningStages(model, WINDOWS).divergence());
  }
  assert.ok(errors[1] < errors[0], `${errors}`);
});
