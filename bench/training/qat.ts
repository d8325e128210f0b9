/**
 * Quantisation-aware training of the ViT for Fashion-MNIST, mode `shift`, or the float control with the same steps.
 *
 *     deno run -A bench/training/qat.ts --forward shift --seed 1 --rate 0.00002
 *
 * A checkpoint is kept beside `--out`: a run that was stopped goes on, bit by bit as it would have. A finished one is
 * added to the list in `--out` (default: `qat.json` here). `--table`: all runs of that list.
 */
import { parseArgs } from "node:util";
import { load } from "../../src/engines/load.ts";
import { readIdx } from "../../src/formats/idx.ts";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { compileTaps, quantizeVision } from "../../src/compile/vision.ts";
import { QuantizedTrainer } from "../../src/compile/quantized_training.ts";
import { expectTensor } from "../../src/engines/expect_tensor.ts";
import type { CompiledProgram } from "../../src/program/program.ts";
import { evaluate } from "../../src/training/evaluate.ts";
import { arrayData } from "../../src/training/training_data.ts";
import type { TrainingData } from "../../src/training/training_data.ts";
import { normalizationTable } from "../../src/vision/preprocess.ts";
import { preprocessingFromConfig } from "../../src/vision/preprocess_config.ts";
import { table } from "../../tools/markdown_table.ts";
import { readSharedJson, sharedPath } from "../shared.ts";

/** A finished run. */
interface Run {
  readonly forward: "shift" | "float";
  readonly seed: number;
  readonly epochs: number;
  readonly pictures: number;
  readonly test: number;
  readonly batch: number;
  readonly rate: number;
  /** Mean losses of the epochs. */
  readonly losses: readonly number[];
  /** Of the test pictures: by the float network, where that was trained. */
  readonly float?: number;
  /** By integers: those that were trained, or those of the float network after calibration on 1,024 training pictures. */
  readonly integers: number;
  /** Codes of up to 500 test pictures in trainer and export, and how many differ. */
  readonly compared?: number;
  readonly different?: number;
  /** Of the steps alone, also where other work ran beside them. */
  readonly seconds: number;
}

/** What is kept beside a checkpoint. */
interface Progress {
  readonly losses: number[];
  seconds: number;
}

/** Steps between two checkpoints. */
const KEPT = 25;
const PIXELS = 784;

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
    out: { type: "string", default: new URL("qat.json", import.meta.url).pathname },
    table: { type: "boolean", default: false },
  },
});

async function train(): Promise<void> {
  const [seed, epochs, pictures, test, batch, rate] = [
    values.seed,
    values.epochs,
    values.pictures,
    values.test,
    values.batch,
    values.rate,
  ].map(Number);
  const forward = values.forward as Run["forward"];
  const asked = { forward, seed, epochs, pictures, test, batch, rate };
  const config = readSharedJson("data/vit-fashion-mnist/config.json") as Record<string, unknown>;
  const start = sharedPath("data/vit-fashion-mnist/model.safetensors");
  const folder = { config, weights: readSafetensors(Deno.readFileSync(start)) };
  const learned = await read("train", pictures);
  const held = await read("t10k", test);
  const data = await examples(learned, config);
  const heldOut = await examples(held, config);
  const perEpoch = Math.floor(pictures / batch);
  using trainer = await QuantizedTrainer.load(folder, {
    ...{ batch, rate, seed, forward, decay: 1e-4 },
    optimizer: { kind: "adamw" },
    schedule: { kind: "cosine", min: rate / 15, steps: epochs * perEpoch },
  });
  const kept = `${values.out}.${Object.values(asked).join("-")}`;
  const [checkpoint, notes] = [`${kept}.safetensors`, `${kept}.notes.json`];
  const progress: Progress = { losses: [], seconds: 0 };
  try {
    trainer.restore(await Deno.readFile(checkpoint));
    Object.assign(progress, JSON.parse(await Deno.readTextFile(notes)));
    // Stopped between the two files, notes may be behind.
    progress.losses.length = trainer.steps;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const save = async (): Promise<void> => {
    await Deno.writeTextFile(notes, JSON.stringify(progress));
    await Deno.writeFile(`${checkpoint}.part`, await trainer.save());
    await Deno.rename(`${checkpoint}.part`, checkpoint);
  };
  let since = performance.now();
  for await (const { step, loss } of trainer.fit(data, { epochs })) {
    progress.seconds += (performance.now() - since) / 1000;
    progress.losses.push(loss);
    if (step % KEPT === 0) {
      console.log(`step ${step}, loss ${loss.toFixed(4)}, ${progress.seconds.toFixed(0)} s`);
      await save();
    }
    since = performance.now();
  }
  await save();
  const losses = Array.from({ length: epochs }, (_, epoch) => {
    const part = progress.losses.slice(epoch * perEpoch, (epoch + 1) * perEpoch);
    return part.reduce((a, b) => a + b, 0) / perEpoch;
  });
  const accuracy = (await trainer.evaluate(heldOut)).accuracy;
  const found = forward === "shift" ? { integers: accuracy, ...await compare(trainer, heldOut) } : {
    float: accuracy,
    integers: await calibrated({ config, weights: trainer.weights() }, heldOut),
  };
  await record({ ...asked, losses, ...found, seconds: Math.round(progress.seconds) });
  for (const file of [checkpoint, notes]) await Deno.remove(file);
}

/** The first pictures of a part, with their labels. */
async function read(part: string, most: number) {
  const of = async (kind: string): Promise<Uint8Array> => {
    const file = `${values.data}/${part}-${kind}-ubyte.gz`;
    return (await readIdx(Deno.readFileSync(file))).data as Uint8Array;
  };
  const [pixels, labels] = [await of("images-idx3"), await of("labels-idx1")];
  return {
    pixels: pixels.subarray(0, most * PIXELS),
    labels: Int32Array.from(labels.subarray(0, most)),
  };
}

/** Pictures as a trainer takes them. */
function examples(
  { pixels, labels }: Awaited<ReturnType<typeof read>>,
  config: Record<string, unknown>,
): TrainingData {
  const values = normalizationTable(preprocessingFromConfig(config));
  const image = Float32Array.from(pixels, (pixel) => values[pixel]);
  return arrayData({ image, labels }, labels.length);
}

/** How many of the test pictures the integers of a float network know after calibration. */
async function calibrated(
  folder: Parameters<typeof quantizeVision>[0],
  heldOut: TrainingData,
): Promise<number> {
  const { pixels, labels } = await read("train", 1024);
  const images = Array.from(labels, (_, i) => pixels.subarray(i * PIXELS, (i + 1) * PIXELS));
  const { program } = await quantizeVision(folder, images, { nonlinear: "shift" });
  return await accuracyOf(program, heldOut);
}

async function accuracyOf(program: CompiledProgram, heldOut: TrainingData): Promise<number> {
  const batch = 50;
  using instance = await load(program, { symbols: { max_batch: batch } });
  const run = { entry: "normalized", symbols: { batch } };
  return (await evaluate(heldOut, batch, (inputs) => instance.run(inputs, run), {})).accuracy;
}

/** Codes of the first 500 test pictures in the trainer and in what it exports. */
async function compare(trainer: QuantizedTrainer, heldOut: TrainingData) {
  let compared = 0, different = 0;
  const batch = 50;
  using taps = await load(compileTaps(trainer.compile()), { symbols: { max_batch: batch } });
  for (let first = 0; first < Math.min(500, heldOut.count); first += batch) {
    const numbers = Int32Array.from({ length: batch }, (_, i) => first + i);
    const image = (await heldOut.batch(numbers)).image as Float32Array;
    const own = await trainer.codes(image);
    const exported = await taps.run({ image }, { entry: "normalized", symbols: { batch } });
    for (const [name, { data, dtype }] of own.taps) {
      const other = expectTensor(exported, name, dtype).data;
      if (other.length !== data.length) throw new Error(`${name}: ${other.length}, ${data.length}`);
      for (let i = 0; i < data.length; i++) if (data[i] !== other[i]) different++;
      compared += data.length;
    }
  }
  console.log(`${compared} codes, ${different} differ`);
  return { compared, different };
}

async function runs(): Promise<Run[]> {
  try {
    return JSON.parse(await Deno.readTextFile(values.out)) as Run[];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function record(run: Run): Promise<void> {
  console.log(JSON.stringify(run));
  const key = ({ forward, seed, epochs, pictures, test, batch, rate }: Run): string =>
    `${[forward, seed, epochs, pictures, test, batch, rate]}`;
  const others = (await runs()).filter((other) => key(other) !== key(run));
  await Deno.writeTextFile(values.out, JSON.stringify([...others, run], null, 1) + "\n");
}

async function report(): Promise<string> {
  const percent = (share: number | undefined): string =>
    share === undefined ? "" : `${(100 * share).toFixed(2)} %`;
  return table(
    ["forward", "pictures", "rate", "seed", "loss", "float", "integers", "time"],
    (await runs()).map((run) => [
      run.forward,
      `${run.pictures} × ${run.epochs}`,
      String(run.rate),
      String(run.seed),
      run.losses.at(-1)!.toFixed(4),
      percent(run.float),
      percent(run.integers),
      `${run.seconds} s`,
    ]),
  );
}

if (values.table) console.log(await report());
else await train();
