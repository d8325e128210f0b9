/**
 * Quantisation-aware training of the ViT for Fashion-MNIST, mode `shift`, or the float control with the same steps.
 *
 *     deno run -A bench/training/qat.ts --forward shift --seed 1 --out FILE
 */
import { parseArgs } from "node:util";
import { load } from "../../src/engines/load.ts";
import { readIdx } from "../../src/formats/idx.ts";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { compileFloatVision, compileTaps, quantizeVision } from "../../src/compile/vision.ts";
import { QuantizedTrainer } from "../../src/compile/quantized_training.ts";
import { shuffle } from "../../src/numeric/shuffle.ts";
import type { CompiledProgram } from "../../src/program/program.ts";
import { normalizePixels } from "../../src/vision/preprocess.ts";
import { preprocessingFromConfig } from "../../src/vision/preprocess_config.ts";
import { readSharedJson, sharedPath } from "../shared.ts";

const { values } = parseArgs({
  options: {
    forward: { type: "string", default: "shift" },
    seed: { type: "string", default: "1" },
    epochs: { type: "string", default: "3" },
    pictures: { type: "string", default: "6000" },
    test: { type: "string", default: "10000" },
    rate: { type: "string", default: "0.00002" },
    batch: { type: "string", default: "32" },
    data: { type: "string", default: "/usr/share/datasets/fashion-mnist" },
    out: { type: "string", default: "qat.json" },
  },
});
const [seed, epochs, count, batch, rate] = [
  values.seed,
  values.epochs,
  values.pictures,
  values.batch,
  values.rate,
].map(Number);
const forward = values.forward as "shift" | "float";
const config = readSharedJson("data/vit-fashion-mnist/config.json") as Record<string, unknown>;
const weights = readSafetensors(
  Deno.readFileSync(sharedPath("data/vit-fashion-mnist/model.safetensors")),
);
const folder = { config, weights };
const preprocessing = preprocessingFromConfig(config);
const part = async (name: string, most: number) => {
  const read = async (kind: string) =>
    (await readIdx(Deno.readFileSync(`${values.data}/${name}-${kind}-ubyte.gz`)))
      .data as Uint8Array;
  const [pixels, labels] = [await read("images-idx3"), await read("labels-idx1")];
  return {
    pixels: pixels.subarray(0, most * 784),
    labels: Int32Array.from(labels.subarray(0, most)),
  };
};
const train = await part("train", count);
const held = await part("t10k", Number(values.test));
const picture = ({ pixels }: { pixels: Uint8Array }, i: number): Uint8Array =>
  pixels.subarray(i * 784, (i + 1) * 784);
const normalized = (of: { pixels: Uint8Array }, indices: ArrayLike<number>): Float32Array => {
  const all = new Float32Array(indices.length * 784);
  for (let i = 0; i < indices.length; i++) {
    all.set(normalizePixels(picture(of, indices[i]), preprocessing), i * 784);
  }
  return all;
};

/** Share of the test pictures that a program knows; one of floats takes them normalised. */
async function accuracy(program: CompiledProgram, isFloat: boolean): Promise<number> {
  const size = 50;
  using instance = await load(program, { symbols: { max_batch: size } });
  let right = 0;
  for (let first = 0; first < held.labels.length; first += size) {
    const indices = Array.from({ length: size }, (_, i) => first + i);
    const { logits } = isFloat
      ? await instance.run({ image: normalized(held, indices) }, {
        entry: "normalized",
        symbols: { batch: size },
      })
      : await instance.run({ pixels: held.pixels.slice(first * 784, (first + size) * 784) }, {
        symbols: { batch: size },
      });
    const data = logits.data as Float32Array;
    for (let i = 0; i < size; i++) {
      const row = data.subarray(10 * i, 10 * (i + 1));
      if (row.indexOf(Math.max(...row)) === held.labels[first + i]) right++;
    }
  }
  return right / held.labels.length;
}

const calibrating = await part("train", 1024);
const calibration = () => Array.from({ length: 1024 }, (_, i) => picture(calibrating, i));
const perEpoch = Math.floor(count / batch);
const steps = epochs * perEpoch;
using trainer = await QuantizedTrainer.load(folder, {
  batch,
  rate,
  seed,
  decay: 1e-4,
  forward,
  optimizer: { kind: "adamw" },
  schedule: { kind: "cosine", min: rate / 15, steps },
});
const start = performance.now();
const curve: unknown[] = [];
for (let epoch = 0; epoch < epochs; epoch++) {
  const order = shuffle(count, seed, 0x51415400, epoch);
  let sum = 0;
  for (let i = 0; i < perEpoch; i++) {
    const chosen = order.subarray(i * batch, (i + 1) * batch);
    const { loss } = await trainer.step(
      normalized(train, chosen),
      Int32Array.from(chosen, (at) => train.labels[at]),
    );
    sum += loss;
    if (i % 20 === 0) {
      console.log(epoch, i, loss.toFixed(4), Math.round((performance.now() - start) / 1000), "s");
    }
  }
  const seconds = Math.round((performance.now() - start) / 1000);
  const row: Record<string, number> = { epoch: epoch + 1, loss: sum / perEpoch, seconds };
  const isLast = epoch + 1 === epochs;
  if (!isLast) {
    console.log(JSON.stringify(row));
    curve.push(row);
    continue;
  }
  if (forward === "shift") row.integers = await accuracy(trainer.compile().program, false);
  else {
    const tuned = { config, weights: trainer.weights() };
    row.float = await accuracy(compileFloatVision(tuned), true);
    const options = { nonlinear: "shift" } as const;
    row.integers = await accuracy(
      (await quantizeVision(tuned, calibration(), options)).program,
      false,
    );
  }
  console.log(JSON.stringify(row));
  curve.push(row);
}
/** Codes that differ between the trainer and the export, on 500 pictures. */
let compared = 0, different = 0;
if (forward === "shift") {
  using taps = await load(compileTaps(trainer.compile()), { symbols: { max_batch: 50 } });
  for (let first = 0; first < Math.min(500, held.labels.length); first += 50) {
    const images = normalized(held, Array.from({ length: 50 }, (_, i) => first + i));
    const own = await trainer.codes(images);
    const exported = await taps.run({ image: images }, {
      entry: "normalized",
      symbols: { batch: 50 },
    });
    for (const [name, { data }] of own.taps) {
      const other = exported[name].data;
      if (other.length !== data.length) throw new Error(`${name}: ${other.length}, ${data.length}`);
      for (let i = 0; i < data.length; i++) if (data[i] !== other[i]) different++;
      compared += data.length;
    }
  }
  console.log(`${compared} codes of 500 pictures, ${different} differ`);
}
Deno.writeTextFileSync(
  values.out,
  JSON.stringify({
    forward,
    seed,
    epochs,
    pictures: count,
    batch,
    rate,
    curve,
    compared,
    different,
  }),
);
