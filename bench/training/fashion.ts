/**
 * Fashion-MNIST by the recipe that PyTorch was given, too (`golden/train`):
 *
 *     deno run -A bench/training/fashion.ts --net ds_cnn --seed 1
 *
 * `--kind bf16` and the like: in 16 bits, without masters (`alone`), with sums of products that are kept in 16 bits, too (`sums`), and in float32 from weights that are a little larger, whose distance is the
 * noise of the others. Its checkpoint is in the temporary folder after each epoch: a run that was stopped goes on, bit by bit as it would
 * have. A finished one is added to `fashion.json`, its curve is drawn in `curves/`. Without `--net`: the table of all.
 */
import { parseArgs } from "node:util";
import { hashOf } from "../hash.ts";
import { trainingCurve } from "../../src/training/training_curve.ts";
import type { Trainer } from "../../src/training/trainer.ts";
import { fashionPictures, loadRecipe } from "../../test/golden/train/recipe.ts";
import type { Recipe } from "../../test/golden/train/recipe.ts";
import { readSharedJson } from "../shared.ts";
import { table } from "../../tools/markdown_table.ts";

/** What of a run is not as in the recipe. */
const KINDS: Readonly<Record<string, Pick<Recipe, "precision" | "startScale">>> = {
  f32: {},
  bf16: { precision: { dtype: "bf16" } },
  f16: { precision: { dtype: "f16" } },
  "bf16-alone": { precision: { dtype: "bf16", master: "none" } },
  "bf16-sums": { precision: { dtype: "bf16", sums: "16" } },
  "f16-sums": { precision: { dtype: "f16", sums: "16" } },
  noise: { startScale: 1 + 2 ** -22 },
};

/** A finished run. */
interface Run {
  readonly kind: string;
  readonly net: Recipe["net"];
  readonly seed: number;
  readonly pictures: number;
  readonly epochs: number;
  /** Of the 10,000 test pictures, after each epoch. */
  readonly accuracies: readonly number[];
  /** Of parameters and running statistics at the end, in the order of their names. */
  readonly weights: string;
  /** Of the steps alone, also where other work ran beside them. */
  readonly seconds: number;
  /** Mean losses of twentieths of an epoch. */
  readonly curve: readonly number[];
}

/** What is kept beside a checkpoint. */
type Progress = Pick<Run, "accuracies" | "seconds"> & { readonly losses: readonly number[] };

const RECORD = new URL("fashion.json", import.meta.url);
const PARTS = 20;
const NAMES = { ds_cnn: "DS-CNN", resnet8: "ResNet8" } as const;

async function train(kind: string, { net, seed, pictures, epochs }: Recipe): Promise<void> {
  const name = `${net}-${seed}-${pictures}x${epochs}${kind === "f32" ? "" : `-${kind}`}`;
  const [checkpoint, notes] = ["safetensors", "json"].map((end) => `/tmp/fashion-${name}.${end}`);
  using trainer = await loadRecipe({ net, seed, pictures, epochs, ...KINDS[kind] });
  const progress = { accuracies: [] as number[], seconds: 0, losses: [] as number[] };
  try {
    trainer.restore(await Deno.readFile(checkpoint));
    Object.assign(progress, JSON.parse(await Deno.readTextFile(notes)) as Progress);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const { accuracies, losses } = progress;
  const [learned, heldOut] = [
    await fashionPictures("train", pictures),
    await fashionPictures("t10k", 10_000),
  ];
  while (accuracies.length < epochs) {
    const start = performance.now();
    for await (const { loss } of trainer.fit(learned, { epochs: accuracies.length + 1 })) {
      losses.push(loss);
    }
    progress.seconds += (performance.now() - start) / 1000;
    accuracies.push((await trainer.evaluate(heldOut)).accuracy);
    console.log(`${name}: ${accuracies.map(percent).join(", ")}; ${progress.seconds | 0} s`);
    await Deno.writeFile(checkpoint, await trainer.save());
    await Deno.writeTextFile(notes, JSON.stringify(progress));
  }
  const epoch = losses.length / epochs;
  const title = `${NAMES[net]}, Fashion-MNIST, ${pictures} pictures, seed ${seed}, ${kind}`;
  const svg = trainingCurve({
    title,
    losses,
    firstStep: 1,
    accuracies: accuracies.map((accuracy, i) => ({ step: (i + 1) * epoch, accuracy })),
  });
  await Deno.mkdir(new URL("curves", import.meta.url), { recursive: true });
  await Deno.writeTextFile(new URL(`curves/${name}.svg`, import.meta.url), svg);
  await record({
    kind,
    net,
    seed,
    pictures,
    epochs,
    accuracies,
    weights: await weightsHash(trainer),
    seconds: Math.round(progress.seconds),
    curve: means(losses, epoch / PARTS),
  });
}

/** Means of so many losses each, to four places. */
function means(losses: readonly number[], width: number): number[] {
  return Array.from({ length: Math.round(losses.length / width) }, (_, i) => {
    const part = losses.slice(Math.round(i * width), Math.round((i + 1) * width));
    return Number((part.reduce((a, b) => a + b, 0) / part.length).toFixed(4));
  });
}

async function weightsHash(trainer: Trainer): Promise<string> {
  const kept = trainer.program.tensors.filter(({ region, name }) =>
    region === "parameter" || region === "state" && /running_(mean|var)$/.test(name)
  );
  const all = [];
  for (const name of kept.map(({ name }) => name).toSorted()) {
    all.push(...(await trainer.read(name)).data as Float32Array);
  }
  return await hashOf(Float32Array.from(all));
}

async function runs(): Promise<Run[]> {
  return JSON.parse(await Deno.readTextFile(RECORD)) as Run[];
}

async function record(run: Run): Promise<void> {
  const key = ({ kind, net, seed, pictures, epochs }: Run): string =>
    `${[kind, net, seed, pictures, epochs]}`;
  const others = (await runs()).filter((other) => key(other) !== key(run));
  await Deno.writeTextFile(RECORD, JSON.stringify([...others, run], null, 1) + "\n");
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** All runs beside PyTorch's. */
async function report(): Promise<string> {
  const { cases } = readSharedJson<{
    readonly cases: readonly (Pick<Run, "net" | "seed" | "pictures" | "epochs"> & {
      readonly test_accuracy: readonly number[];
    })[];
  }>("golden/train/baselines.json");
  const rows = (await runs()).map(({ kind, net, seed, pictures, epochs, ...run }) => {
    const theirs = cases.find((c) =>
      kind === "f32" && c.net === net && c.seed === seed && c.pictures === pictures &&
      c.epochs === epochs
    );
    return [
      NAMES[net],
      kind,
      `${pictures} × ${epochs}`,
      String(seed),
      ...[run.accuracies, theirs?.test_accuracy].map((all) => all ? percent(all.at(-1)!) : ""),
      `${run.seconds} s`,
      `\`${run.weights.slice(0, 16)}\``,
    ];
  });
  return table(
    ["", "kind", "pictures", "seed", "fewbit", "PyTorch", "time", "hash of weights"],
    rows,
  );
}

const { values } = parseArgs({
  options: {
    net: { type: "string" },
    kind: { type: "string", default: "f32" },
    seed: { type: "string", default: "1" },
    pictures: { type: "string", default: "60000" },
    epochs: { type: "string", default: "6" },
  },
});
const { net, kind } = values;
if (!Object.hasOwn(KINDS, kind)) throw new Error(`--kind ${Object.keys(KINDS).join(", ")}`);
if (net === "ds_cnn" || net === "resnet8") {
  const [seed, pictures, epochs] = [values.seed, values.pictures, values.epochs].map(Number);
  await train(kind, { net, seed, pictures, epochs });
} else console.log(await report());
