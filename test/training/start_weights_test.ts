/** Weights that a fine-tuning begins with: the network is the one that they are of, head and adapters apart. */
import assert from "node:assert/strict";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import type { Tensor } from "../../src/tensor.ts";
import { adapterMetadata } from "../../src/training/adapters.ts";
import { encodePictureFacts } from "../../src/training/picture_facts.ts";
import { startWeights } from "../../src/training/start_weights.ts";
import type { StartWeights } from "../../src/training/start_weights.ts";
import { fineTunedClassifier, tinyClassifier } from "../../src/training/tiny_classifier.ts";
import type { Trainer } from "../../src/training/trainer.ts";
import { trainedWeights } from "../../src/training/trained_pictures.ts";
import { arrayData } from "../../src/training/training_data.ts";
import { Random } from "../conformance/_random.ts";

const [BATCH, SIZE, CLASSES] = [4, 12, 3];
const PICTURE = [SIZE, SIZE, 1] as const;
const TRAINING = {
  batch: BATCH,
  rate: 0.05,
  optimizer: { kind: "sgd" },
  schedule: { kind: "constant" },
  decay: 0,
  seed: 1,
} as const;
const FACTS = {
  network: "ds-cnn",
  labels: ["a", "b", "c"],
  preprocessing: {
    inputSize: [1, SIZE, SIZE],
    mean: [0],
    std: [1],
    interpolation: "bilinear",
    resize: { mode: "none" },
    centerCrop: false,
  },
} as const;

function pictures(): Float32Array {
  const random = new Random(8);
  return Float32Array.from({ length: BATCH * SIZE * SIZE }, () => random.unit());
}

/** A network after some steps: its checkpoint, and its logits. */
async function trained(): Promise<{ bytes: Uint8Array; logits: number[] }> {
  using trainer = await tinyClassifier({
    ...{ network: "ds-cnn", picture: PICTURE, classes: CLASSES, ...TRAINING },
  });
  const data = arrayData({ x: pictures(), labels: Int32Array.of(0, 1, 2, 0) }, BATCH);
  for await (const _ of trainer.fit(data, { epochs: 5 })) { /* on */ }
  const bytes = await trainer.save({ metadata: encodePictureFacts(FACTS) });
  return { bytes, logits: await logitsOf(trainer) };
}

async function logitsOf(trainer: Trainer): Promise<number[]> {
  const { logits } = await trainer.predict({ x: pictures() });
  return Array.from(logits.data as Float32Array);
}

async function tuned(start: StartWeights, only: string, classes = CLASSES, hasNewHead = false) {
  return await fineTunedClassifier({
    ...{ start, picture: PICTURE, classes, hasNewHead, only, ...TRAINING },
  });
}

Deno.test("start weights: of a checkpoint, the network and all of its bits", async () => {
  const { bytes, logits } = await trained();
  const start = startWeights(bytes);
  assert.deepEqual(start.facts, FACTS);
  for (const only of ["head", "lora:2"]) {
    const { trainer } = await tuned(start, only);
    using one = trainer;
    assert.deepEqual(await logitsOf(one), logits, only);
  }
});

Deno.test("start weights: adapters of a checkpoint are merged, and what it knows stays", async () => {
  const { bytes, logits } = await trained();
  const { trainer, tuning } = await tuned(startWeights(bytes), "lora:2:8");
  using one = trainer;
  const data = arrayData({ x: pictures(), labels: Int32Array.of(2, 1, 0, 1) }, BATCH);
  for await (const _ of one.fit(data, { epochs: 30 })) { /* on */ }
  const learned = await logitsOf(one);
  const metadata = { ...encodePictureFacts(FACTS), ...adapterMetadata(tuning.adapters) };
  const start = startWeights(await one.save({ metadata }));
  assert.ok(![...start.weights.keys()].some((name) => name.includes("lora")));
  const { trainer: next } = await tuned(start, "head");
  using other = next;
  const found = await logitsOf(other);
  found.forEach((logit, i) => assert.ok(Math.abs(logit - learned[i]) < 1e-4, `${found}`));
  assert.ok(learned.some((logit, i) => Math.abs(logit - logits[i]) > 0.01));
});

Deno.test("start weights: of a plain file, with biases before norms as MLPerf Tiny has them", async () => {
  const { bytes, logits } = await trained();
  const weights = new Map(trainedWeights(bytes));
  const random = new Random(2);
  for (const [name, tensor] of [...weights]) {
    if (!/running_mean$/.test(name)) continue;
    const layer = name.startsWith("bn0") ? "conv0" : name.replace(".bn.running_mean", "");
    const bias = Float32Array.from({ length: 64 }, () => random.unit() - 0.5);
    const mean = (tensor.data as Float32Array).map((x, i) => x + bias[i]);
    const vector = (data: Float32Array): Tensor => ({ dtype: "f32", shape: [64], data });
    weights.set(`${layer}.bias`, vector(bias));
    weights.set(name, vector(mean));
  }
  const plain = writeSafetensors(weights, { network: "MLPerf Tiny ds_cnn" });
  const start = startWeights(plain);
  assert.equal(start.network, "ds-cnn");
  assert.ok(start.takesBytes && start.facts === undefined);
  const { trainer } = await tuned(start, "head");
  using one = trainer;
  (await logitsOf(one)).forEach((logit, i) =>
    assert.ok(Math.abs(logit - logits[i]) < 1e-4, `${logit} and ${logits[i]}`)
  );
});

Deno.test("start weights: a new head begins anew and is trained, whatever is selected", async () => {
  const { bytes } = await trained();
  const { trainer, tuning } = await tuned(startWeights(bytes), "norm", 5, true);
  using one = trainer;
  assert.deepEqual((await one.read("fc.weight")).shape, [5, 64]);
  assert.ok(tuning.trained.includes("fc.weight") && tuning.trained.includes("bn0.weight"));
  assert.ok(!tuning.trained.includes("conv0.weight"));
});

Deno.test("start weights: other files, and other numbers of classes, are refused", async () => {
  const { bytes } = await trained();
  await assert.rejects(() => tuned(startWeights(bytes), "head", 5), {
    code: "invalid_file",
    message: /fc\.weight is f32 \[3,64\], expected f32 \[5,64\]/,
  });
  const weights = new Map(trainedWeights(bytes));
  weights.delete("pw2.weight");
  await assert.rejects(() => tuned(startWeights(writeSafetensors(weights)), "head"), {
    code: "invalid_file",
    message: /pw2\.weight is missing/,
  });
  const other = new Map([["x", weights.get("fc.bias")!]]);
  assert.throws(() => startWeights(writeSafetensors(other)), {
    code: "unsupported",
    message: /no known network's: x$/,
  });
  const damaged = bytes.slice();
  damaged[damaged.length - 1] ^= 1;
  assert.throws(() => startWeights(damaged), { code: "invalid_file", message: /checksum/ });
});
