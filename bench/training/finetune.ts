/**
 * MLPerf Tiny's ResNet8, which was taught CIFAR-10, fine-tuned to 2,000 pictures of Fashion-MNIST: what each selection
 * of its parameters reaches, what memory it takes and how long a step is.
 *
 *     deno run -A bench/training/finetune.ts
 *
 * Writes `finetune.json` and draws `finetune.svg`; with `--report` it does so from the file that is there. Steps are
 * timed in turns behind all trainings, so that what else the machine does is spread over all of them.
 */
import { readIdx } from "../../src/formats/idx.ts";
import { arrayData } from "../../src/training/training_data.ts";
import type { TrainingData } from "../../src/training/training_data.ts";
import { startWeights } from "../../src/training/start_weights.ts";
import { fineTunedClassifier, tinyClassifier } from "../../src/training/tiny_classifier.ts";
import type { Trainer } from "../../src/training/trainer.ts";
import { normalizationTable, preparePixels } from "../../src/vision/preprocess.ts";
import type { Preprocessing } from "../../src/vision/preprocess.ts";
import { FASHION } from "../../test/golden/train/recipe.ts";
import { sharedPath } from "../shared.ts";
import { drawFineTuning, RECORD, reportFineTuning } from "./finetune_report.ts";
import type { FineTuningRun } from "./finetune_report.ts";

const [PICTURES, HELD_OUT, EPOCHS, BATCH, SEED, ROUNDS] = [2000, 10_000, 6, 32, 1, 15];
const SIDE = 28;

/** Pixels as they are, 28×28 made 32×32 in three channels. */
const PREPARING: Preprocessing = {
  inputSize: [3, 32, 32],
  mean: [0, 0, 0],
  std: [1 / 255, 1 / 255, 1 / 255],
  interpolation: "bilinear",
  resize: { mode: "stretch", height: 32, width: 32 },
  centerCrop: false,
};

/** Selections; the head is new in all. Rates were fixed before the first run: the fewer, the larger. */
const SELECTIONS: readonly (readonly [name: string, only: string, rate: number])[] = [
  ["head", "head", 0.01],
  ["biases", "bias", 0.01],
  ["norms", "norm", 0.01],
  ["LoRA, rank 4", "lora:4", 0.005],
  ["sparse: last stage", "blocks:3", 0.002],
  ["all", "full", 0.002],
];

async function pictures(part: "train" | "t10k", count: number): Promise<TrainingData> {
  const read = async (name: string) =>
    (await readIdx(await Deno.readFile(`${FASHION}/${part}-${name}.gz`))).data as Uint8Array;
  const [pixels, labels] = [await read("images-idx3-ubyte"), await read("labels-idx1-ubyte")];
  const table = normalizationTable(PREPARING);
  const size = 3 * 32 * 32;
  const x = new Float32Array(count * size);
  for (let i = 0; i < count; i++) {
    const data = pixels.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE);
    const image = { width: SIDE, height: SIDE, channels: 1, data } as const;
    preparePixels(image, PREPARING).forEach((pixel, at) => {
      x[i * size + at] = table[at % 3 * 256 + pixel];
    });
  }
  return arrayData({ x, labels: Int32Array.from(labels.subarray(0, count)) }, count);
}

/** A trainer that is timed after all have learned. */
interface Learned {
  readonly trainer: Trainer;
  readonly run: Omit<FineTuningRun, "stepMs" | "bestMs">;
}

async function learn(
  name: string,
  rate: number,
  { trainer, trained }: { readonly trainer: Trainer; readonly trained: readonly string[] },
  data: { readonly learned: TrainingData; readonly heldOut: TrainingData },
): Promise<Learned> {
  const losses: number[] = [];
  for await (const { loss } of trainer.fit(data.learned, { epochs: EPOCHS })) losses.push(loss);
  const { accuracy } = await trainer.evaluate(data.heldOut);
  let parameters = 0;
  for (const each of trained) parameters += (await trainer.read(each)).data.length;
  const loss = losses.slice(-losses.length / EPOCHS).reduce((a, b) => a + b) /
    (losses.length / EPOCHS);
  const { memoryBytes } = trainer;
  const run = { name, rate, parameters, accuracy, loss, memoryBytes };
  console.log(JSON.stringify(run));
  return { trainer, run };
}

async function measure(): Promise<FineTuningRun[]> {
  const data = {
    learned: await pictures("train", PICTURES),
    heldOut: await pictures("t10k", HELD_OUT),
  };
  const start = startWeights(
    await Deno.readFile(sharedPath("data/mlperf-tiny/resnet8.safetensors")),
  );
  const steps = EPOCHS * Math.floor(PICTURES / BATCH);
  const training = (rate: number) => ({
    batch: BATCH,
    rate,
    optimizer: { kind: "adamw" } as const,
    schedule: { kind: "warmup_cosine", min: 0, warmup: Math.round(0.05 * steps), steps } as const,
    decay: 0.0005,
    seed: SEED,
  });
  const shape = { picture: [32, 32, 3], classes: 10 } as const;
  const all: Learned[] = [];
  for (const [name, only, rate] of SELECTIONS) {
    const { trainer, tuning: { trained } } = await fineTunedClassifier({
      ...{ start, ...shape, hasNewHead: true, only },
      ...training(rate),
    });
    all.push(await learn(name, rate, { trainer, trained }, data));
  }
  const scratch = await tinyClassifier({ network: "resnet8", ...shape, ...training(0.005) });
  const trained = scratch.program.tensors.filter(({ region }) => region === "parameter")
    .map(({ name }) => name);
  all.push(await learn("from the start", 0.005, { trainer: scratch, trained }, data));
  const times = all.map(() => [] as number[]);
  const fits = all.map(({ trainer }) => trainer.fit(data.learned, { epochs: Infinity }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, fit] of fits.entries()) {
      const begin = performance.now();
      await fit.next();
      times[i].push(performance.now() - begin);
    }
  }
  return all.map(({ run }, i) => {
    const sorted = times[i].toSorted((a, b) => a - b);
    return { ...run, stepMs: sorted[Math.floor(ROUNDS / 2)], bestMs: sorted[0] };
  });
}

if (!Deno.args.includes("--report")) {
  const runs = await measure();
  await Deno.writeTextFile(RECORD, JSON.stringify(runs, null, 1) + "\n");
}
const runs: readonly FineTuningRun[] = JSON.parse(await Deno.readTextFile(RECORD));
await Deno.writeTextFile(new URL("finetune.svg", import.meta.url), drawFineTuning(runs));
console.log(reportFineTuning(runs));
