/** Training for integers: the trainer's codes are the export's, the loss is that of the integers, and it falls. */
import assert from "node:assert/strict";
import { QuantizedTrainer } from "../../src/compile/quantized_training.ts";
import type { QuantizedTrainingSettings } from "../../src/compile/quantized_training.ts";
import { compileTaps } from "../../src/compile/vision.ts";
import { load } from "../../src/engines/load.ts";
import { Graph } from "../../src/graph/graph.ts";
import { TrainedLayers, uniform } from "../../src/models/trained_layers.ts";
import type { Tensor } from "../../src/tensor.ts";
import { tinyVit } from "../../src/training/networks/tiny_vit.ts";
import { Random } from "../conformance/_random.ts";

const [SIDE, CLASSES, BATCH] = [8, 3, 6];
const SIZES = { patch: 4, channels: 16, heads: 2, depth: 2 };

/** A checkpoint of random weights. */
function folder() {
  const weights = new Map<string, Tensor>();
  const random = uniform(11);
  const graph = new Graph();
  const layers = new TrainedLayers(graph, (start) => {
    const data = random(start);
    weights.set(start.name, { dtype: "f32", shape: start.shape, data });
    return data;
  });
  const x = graph.input("x", "f32", [1, SIDE, SIDE, 1]);
  tinyVit(layers, x, { ...SIZES, classes: CLASSES, spread: 0.2 });
  const config = {
    architecture: "vit_tiny_patch16_224",
    num_classes: CLASSES,
    model_args: {
      img_size: [SIDE, SIDE],
      in_chans: 1,
      patch_size: SIZES.patch,
      embed_dim: SIZES.channels,
      depth: SIZES.depth,
      num_heads: SIZES.heads,
    },
  };
  const preprocessing = {
    inputSize: [1, SIDE, SIDE] as [number, number, number],
    mean: [0.5],
    std: [0.25],
    interpolation: "bilinear" as const,
    resize: { mode: "shorter_side" as const, size: SIDE },
    centerCrop: true,
  };
  return { config, weights, preprocessing };
}

/** Pictures whose class is where they are bright. */
function batch(random: Random, count: number) {
  const labels = Int32Array.from({ length: count }, () => random.integer(0, CLASSES - 1));
  const images = Float32Array.from({ length: count * SIDE * SIDE }, (_, i) => {
    const bright =
      Math.floor(i % (SIDE * SIDE) / SIDE / 3) === labels[Math.floor(i / (SIDE * SIDE))];
    return (bright ? 1.5 : -1.5) + random.unit() - 0.5;
  });
  return { images, labels };
}

const SETTINGS: QuantizedTrainingSettings = {
  batch: BATCH,
  rate: 0.003,
  optimizer: { kind: "adamw" },
};

Deno.test("what is trained for integers learns, by the loss of its integers", async () => {
  using trainer = await QuantizedTrainer.load(folder(), SETTINGS);
  const random = new Random(5);
  const losses: number[] = [];
  for (let i = 0; i < 40; i++) {
    const { images, labels } = batch(random, BATCH);
    losses.push((await trainer.step(images, labels)).loss);
  }
  assert.ok(losses[39] < losses[0] / 4, losses.join());
  // A rate of 0 shows the loss of integers whose scales move no more.
  using still = await QuantizedTrainer.load(folder(), { ...SETTINGS, rate: 1e-30 });
  const { images, labels } = batch(random, BATCH);
  for (let i = 0; i < 3; i++) await still.step(images, labels);
  const { loss } = await still.step(images, labels);
  const { logits } = await still.codes(images);
  let want = 0;
  labels.forEach((label, row) => {
    const values = [...logits.subarray(CLASSES * row, CLASSES * (row + 1))];
    want += Math.log(values.reduce((sum, x) => sum + Math.exp(x), 0)) - values[label];
  });
  assert.ok(Math.abs(loss - want / BATCH) <= 1e-5, `${loss}, ${want / BATCH}`);
});

Deno.test("all codes and logits of the trainer are those of what is exported", async () => {
  using trainer = await QuantizedTrainer.load(folder(), SETTINGS);
  assert.throws(() => trainer.compile(), /No scale is known/);
  const random = new Random(6);
  for (let i = 0; i < 5; i++) {
    const { images, labels } = batch(random, BATCH);
    await trainer.step(images, labels);
  }
  const { images } = batch(random, 9);
  const { taps, logits } = await trainer.codes(images);
  const compiled = trainer.compile();
  const run = { entry: "normalized", symbols: { batch: 9 } };
  using exported = await load(compileTaps(compiled), { symbols: { max_batch: 9 } });
  const shown = await exported.run({ image: images }, run);
  assert.ok(taps.size > 25, `${taps.size} sites`);
  for (const [name, { data }] of taps) assert.deepEqual(shown[name].data, data, name);
  using fused = await load(compiled.program, { symbols: { max_batch: 9 } });
  assert.deepEqual((await fused.run({ image: images }, run)).logits.data, logits);
});

Deno.test("a network that is no plain ViT is not trained for integers", async () => {
  const { config, ...rest } = folder();
  const other = {
    ...rest,
    config: { ...config, model_args: { ...config.model_args, global_pool: "avg" } },
  };
  await assert.rejects(QuantizedTrainer.load(other, SETTINGS), { code: "unsupported" });
  const { weights } = rest;
  weights.delete("head.weight");
  await assert.rejects(QuantizedTrainer.load({ ...rest, config }, SETTINGS), {
    code: "shape_mismatch",
  });
});
