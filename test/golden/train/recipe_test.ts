/** The recipe of Fashion-MNIST against PyTorch: 20 steps closely, and what 3 epochs of 6,000 pictures reach. */
import assert from "node:assert/strict";
import { readIdx } from "../../../src/formats/idx.ts";
import { Graph } from "../../../src/graph/graph.ts";
import type { Value } from "../../../src/graph/graph.ts";
import { NodeBuilder } from "../../../src/graph/node_builder.ts";
import { dsCnn } from "../../../src/models/ds_cnn.ts";
import { resNet8 } from "../../../src/models/resnet8.ts";
import { TrainedLayers } from "../../../src/models/trained_layers.ts";
import type { Initialize } from "../../../src/models/trained_layers.ts";
import { crossEntropy } from "../../../src/training/losses/cross_entropy.ts";
import { Trainer } from "../../../src/training/trainer.ts";
import { arrayData } from "../../../src/training/training_data.ts";
import type { TrainingData } from "../../../src/training/training_data.ts";
import { absent, readJson, SHARED } from "../_shared.ts";
import { Stream } from "../seeded.ts";

const DATA = "/usr/share/datasets/fashion-mnist";
const [BATCH, SIDE, CLASSES, PICTURES] = [64, 28, 10, 6000];
const ignore = absent(DATA, `${SHARED}/golden/train`);

/** A pixel as an input. */
const TABLE = Float32Array.from({ length: 256 }, (_, p) => (p / 255 - 0.2860) / 0.3530);

/** The first pictures of a part of the data set. */
async function pictures(part: "train" | "t10k", count: number): Promise<TrainingData> {
  const read = async (name: string) =>
    (await readIdx(await Deno.readFile(`${DATA}/${part}-${name}.gz`))).data as Uint8Array;
  const pixels = (await read("images-idx3-ubyte")).subarray(0, count * SIDE * SIDE);
  const labels = (await read("labels-idx1-ubyte")).subarray(0, count);
  const x = Float32Array.from(pixels, (pixel) => TABLE[pixel]);
  return arrayData({ x, labels: Int32Array.from(labels) }, count);
}

/** Start weights: one stream, of which norms and biases take their places. */
function fromStream(seed: number): Initialize {
  const stream = new Stream(seed);
  return ({ shape, bound, offset }) => stream.take(shape.reduce((a, b) => a * b, 1), bound, offset);
}

interface Recipe {
  readonly rate: number;
  readonly warmup: number;
  readonly epochs: number;
}

async function load(net: string, seed: number, { rate, warmup, epochs }: Recipe): Promise<Trainer> {
  const graph = new Graph();
  const layers = new TrainedLayers(graph, fromStream(seed), { epsilon: 1e-3, momentum: 0.1 });
  const x = graph.input("x", "f32", [BATCH, SIDE, SIDE, 1]);
  const labels = graph.input("labels", "i32", [BATCH], { check: "below", limit: CLASSES });
  const logits: Value = net === "resnet8"
    ? resNet8(layers, x, CLASSES)
    : dsCnn(layers, x, { classes: CLASSES });
  graph.output("logits", logits);
  const steps = Math.floor(PICTURES / BATCH) * epochs;
  return await Trainer.load(graph, {
    loss: crossEntropy(new NodeBuilder(graph), logits, labels),
    rate,
    optimizer: { kind: "sgd", momentum: 0.9, nesterov: true },
    decay: (_, shape) => shape.length > 1 ? 5e-4 : 0,
    schedule: {
      kind: "warmup_cosine",
      min: 0,
      warmup: Math.max(1, Math.round(warmup * steps)),
      steps,
    },
    seed,
  });
}

for (const net of ["ds_cnn", "resnet8"]) {
  Deno.test({
    name: `golden: recipe, ${net}: the losses of 20 calm steps`,
    ignore,
    fn: async () => {
      const { cases } = readJson("golden/train/baselines.json");
      const data = await pictures("train", PICTURES);
      for (const c of cases) {
        if (c.net !== net || c.pictures !== PICTURES || c.calm_20_f64 === undefined) continue;
        using trainer = await load(net, c.seed, { rate: 0.0005, warmup: 0, epochs: c.epochs });
        for await (const { step, loss } of trainer.fit(data, { epochs: c.epochs })) {
          const want = c.calm_20_f64[step - 1];
          assert.ok(
            Math.abs(loss / want - 1) <= 1e-4,
            `seed ${c.seed}, step ${step}: ${loss}, ${want}`,
          );
          if (step === 20) break;
        }
      }
    },
  });
}

Deno.test({
  name: "golden: recipe, ds_cnn: 80 % after 3 epochs of 6,000 pictures",
  ignore,
  fn: async () => {
    using trainer = await load("ds_cnn", 1, { rate: 0.3, warmup: 0.05, epochs: 3 });
    const data = await pictures("train", PICTURES);
    const start = performance.now();
    for await (const { step, loss } of trainer.fit(data, { epochs: 3 })) {
      if (step % 93 === 0) console.log(`step ${step}: loss ${loss.toFixed(3)}`);
    }
    const seconds = (performance.now() - start) / 1000;
    const { accuracy } = await trainer.evaluate(await pictures("t10k", 10_000));
    console.log(`${(100 * accuracy).toFixed(2)} % after ${seconds.toFixed(1)} s`);
    assert.ok(accuracy >= 0.8, `${accuracy}`);
  },
});
