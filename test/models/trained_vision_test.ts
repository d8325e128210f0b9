/** A vision transformer that was trained here, read as timm's: the same logits by another builder and other ops. */
import assert from "node:assert/strict";
import { trainedVision } from "../../src/checkpoints/trained_vision.ts";
import { compileFloatVision } from "../../src/compile/vision.ts";
import { loadReference } from "../../src/engines/reference/mod.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { encodePictureFacts } from "../../src/training/picture_facts.ts";
import { tinyClassifier } from "../../src/training/tiny_classifier.ts";
import type { TinyNetwork } from "../../src/training/tiny_network.ts";
import { arrayData } from "../../src/training/training_data.ts";
import { Random } from "../conformance/_random.ts";

const [BATCH, HEIGHT, WIDTH, CHANNELS] = [2, 8, 12, 3];
const LABELS = ["boot", "bag", "dress"];
const PREPROCESSING = {
  inputSize: [CHANNELS, HEIGHT, WIDTH],
  mean: [0.2, 0.3, 0.4],
  std: [0.5, 0.6, 0.7],
  interpolation: "bilinear",
  resize: { mode: "stretch", height: HEIGHT, width: WIDTH },
  centerCrop: false,
} as const;

/** A checkpoint after a few steps, and the logits of a picture. */
async function trained(network: TinyNetwork) {
  using trainer = await tinyClassifier({
    ...{ network, picture: [HEIGHT, WIDTH, CHANNELS], classes: LABELS.length, batch: BATCH },
    ...{ rate: 0.01, optimizer: { kind: "adamw" }, schedule: { kind: "constant" } },
    ...{ decay: 0, seed: 1 },
  });
  const random = new Random(3);
  const size = HEIGHT * WIDTH * CHANNELS;
  const x = Float32Array.from({ length: BATCH * size }, () => random.unit() * 2 - 1);
  const data = arrayData({ x, labels: Int32Array.of(0, 2) }, BATCH);
  for await (const _ of trainer.fit(data, { epochs: 6 })) { /* on */ }
  const { logits } = await trainer.predict({ x });
  const facts = { network, labels: LABELS, preprocessing: PREPROCESSING };
  const bytes = await trainer.save({ metadata: encodePictureFacts(facts) });
  return { bytes, picture: x.subarray(0, size), logits: (logits.data as Float32Array).slice(0, 3) };
}

Deno.test("trained vision: a vit has timm's names and config, and the same logits", async () => {
  const { bytes, picture, logits } = await trained("vit");
  const folder = trainedVision(bytes);
  assert.deepEqual(folder.preprocessing, PREPROCESSING);
  const program = compileFloatVision(folder);
  assert.deepEqual(program.metadata.labels, LABELS);
  using instance = await loadReference(await encodeProgram(program));
  const plane = HEIGHT * WIDTH;
  const first = Float32Array.from(
    { length: picture.length },
    (_, i) => picture[i % plane * CHANNELS + Math.floor(i / plane)],
  );
  const { logits: others } = await instance.run({ image: first }, { entry: "normalized" });
  const data = others.data as Float32Array;
  assert.ok(Math.max(...logits) - Math.min(...logits) > 0.1, `${logits}`);
  logits.forEach((logit, i) => assert.ok(Math.abs(logit - data[i]) < 1e-5, `${logits}, ${data}`));
});

Deno.test("trained vision: a network with an op that has no integers is refused by it", async () => {
  const { bytes } = await trained("resnet8");
  assert.throws(() => trainedVision(bytes), {
    code: "unsupported",
    message: "Cannot quantise a resnet8: its op Conv has no integers; a vit has them",
  });
});
