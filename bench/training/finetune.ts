/**
 * MLPerf Tiny's ResNet8, which was taught CIFAR-10, fine-tuned to 2,000 pictures of Fashion-MNIST: what each selection
 * of its parameters reaches, what memory it takes and how long a step is.
 *
 *     deno run -A bench/training/finetune.ts
 *
 * A training that `finetune.json` has is not done again; each that ends is added. Then steps are timed, in turns, so that
 * what else the machine does is spread over all of them (`--times` does that alone), and `finetune.svg` is drawn.
 */
import { readIdx } from "../../src/formats/idx.ts";
import { arrayData } from "../../src/training/training_data.ts";
import type { TrainingData } from "../../src/training/training_data.ts";
import { startWeights } from "../../src/training/start_weights.ts";
import type { StartWeights } from "../../src/training/start_weights.ts";
import { fineTunedClassifier } from "../../src/training/tiny_classifier.ts";
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

/** Selections; the head is new in all. Rates were fixed before the first run: the fewer parameters, the larger. */
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

/** A trainer, and the parameters that it changes. */
interface Ready {
  readonly trainer: Trainer;
  readonly trained: readonly string[];
}

async function load(start: StartWeights, only: string, rate: number): Promise<Ready> {
  const steps = EPOCHS * Math.floor(PICTURES / BATCH);
  const training = {
    batch: BATCH,
    rate,
    optimizer: { kind: "adamw" },
    schedule: { kind: "warmup_cosine", min: 0, warmup: Math.round(0.05 * steps), steps },
    decay: 0.0005,
    seed: SEED,
  } as const;
  const shape = { picture: [32, 32, 3], classes: 10 } as const;
  const settings = { start, ...shape, hasNewHead: true, only, ...training };
  const { trainer, tuning: { trained } } = await fineTunedClassifier(settings);
  return { trainer, trained };
}

async function learn(
  name: string,
  rate: number,
  { trainer, trained }: Ready,
  data: { readonly learned: TrainingData; readonly heldOut: TrainingData },
): Promise<FineTuningRun> {
  const losses: number[] = [];
  for await (const { loss } of trainer.fit(data.learned, { epochs: EPOCHS })) losses.push(loss);
  const { accuracy } = await trainer.evaluate(data.heldOut);
  let parameters = 0;
  for (const each of trained) parameters += (await trainer.read(each)).data.length;
  const last = losses.slice(-losses.length / EPOCHS);
  const loss = last.reduce((a, b) => a + b) / last.length;
  return { name, rate, parameters, accuracy, loss, memoryBytes: trainer.memoryBytes };
}

async function recorded(): Promise<FineTuningRun[]> {
  return JSON.parse(await Deno.readTextFile(RECORD));
}

async function record(runs: readonly FineTuningRun[]): Promise<void> {
  const order = (run: FineTuningRun): number => SELECTIONS.findIndex(([name]) => name === run.name);
  const sorted = runs.toSorted((a, b) => order(a) - order(b));
  await Deno.writeTextFile(RECORD, JSON.stringify(sorted, null, 1) + "\n");
}

/** Trains what is not recorded yet. */
async function train(start: StartWeights): Promise<void> {
  const [learned, heldOut] = [
    await pictures("train", PICTURES),
    await pictures("t10k", HELD_OUT),
  ];
  for (const [name, only, rate] of SELECTIONS) {
    const known = await recorded();
    if (known.some((run) => run.name === name && run.rate === rate)) continue;
    const ready = await load(start, only, rate);
    using _ = ready.trainer;
    const run = await learn(name, rate, ready, { learned, heldOut });
    console.log(JSON.stringify(run));
    await record([...await recorded(), run]);
  }
}

/** Times steps of what is recorded. */
async function time(start: StartWeights): Promise<void> {
  const learned = await pictures("train", 4 * BATCH);
  const known = await recorded();
  const all = [];
  for (const run of known) {
    const [, only, rate] = SELECTIONS.find(([name]) => name === run.name)!;
    const { trainer } = await load(start, only, rate);
    all.push({ run, times: [] as number[], fit: trainer.fit(learned, { epochs: Infinity }) });
  }
  for (let round = -1; round < ROUNDS; round++) {
    for (const { times, fit } of all) {
      const begin = performance.now();
      await fit.next();
      // The first step of each is not counted.
      if (round >= 0) times.push(performance.now() - begin);
    }
  }
  await record(all.map(({ run, times }) => {
    const sorted = times.toSorted((a, b) => a - b);
    return { ...run, stepMs: sorted[Math.floor(ROUNDS / 2)], bestMs: sorted[0] };
  }));
}

const start = startWeights(
  await Deno.readFile(sharedPath("data/mlperf-tiny/resnet8.safetensors")),
);
if (!Deno.args.includes("--times")) await train(start);
await time(start);
const runs = await recorded();
await Deno.writeTextFile(new URL("finetune.svg", import.meta.url), drawFineTuning(runs));
console.log(reportFineTuning(runs));
