/**
 * DS-CNN learns Fashion-MNIST's classes 0–4, then 5–9 one by one, with and without a memory of latents, beside one that
 * learns all at once.
 *
 *     deno run -A bench/training/continual.ts --out FILE
 */
import { parseArgs } from "node:util";
import { ContinualClassifier } from "../../src/training/continual/continual_classifier.ts";
import type { TrainingData } from "../../src/training/training_data.ts";
import { fashionPictures } from "../../test/golden/train/recipe.ts";

const { values } = parseArgs({
  options: {
    pictures: { type: "string", default: "6000" },
    test: { type: "string", default: "10000" },
    memory: { type: "string", default: "1500" },
    later: { type: "string", default: "0.05" },
    seed: { type: "string", default: "1" },
    statistics: { type: "string", default: "0.05" },
    frozen: { type: "string", default: "2" },
    out: { type: "string", default: "continual.json" },
  },
});
const count = Number(values.pictures), seed = Number(values.seed);
const train = await fashionPictures("train", count);
const held = await fashionPictures("t10k", Number(values.test));
const all = Int32Array.from({ length: count }, (_, i) => i);
const labels = (await train.batch(all)).labels as Int32Array;

/** The examples of some classes. */
function only(classes: readonly number[]): TrainingData {
  const kept = all.filter((i) => classes.includes(labels[i]));
  return {
    count: kept.length,
    batch: (examples) => train.batch(Int32Array.from(examples, (i) => kept[i])),
  };
}

async function run(name: string, experiences: readonly number[][], memory: number) {
  const start = performance.now();
  using learner = await ContinualClassifier.load({
    picture: [28, 28],
    classes: 10,
    memory,
    consolidated: memory > 0,
    seed,
    frozen: Number(values.frozen),
    rate: [0.1, Number(values.later)],
    statisticsRate: Number(values.statistics),
  }, only(experiences[0]).count);
  const accuracies: number[] = [];
  for (const classes of experiences) {
    let sum = 0, steps = 0;
    await learner.learn(only(classes), (loss) => (sum += loss, steps++));
    accuracies.push(await learner.accuracy(held));
    const seconds = Math.round((performance.now() - start) / 1000);
    console.log(
      name,
      classes.join(),
      `loss ${(sum / steps).toFixed(4)}`,
      accuracies.at(-1),
      seconds,
      "s",
    );
  }
  return { name, memory, accuracies, bytes: learner.memoryBytes };
}

const ONE_BY_ONE = [[0, 1, 2, 3, 4], [5], [6], [7], [8], [9]];
const runs = [
  await run("replay", ONE_BY_ONE, Number(values.memory)),
  await run("naive", ONE_BY_ONE, 0),
  await run("joint", [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]], 0),
];
const [replay, naive, joint] = runs.map(({ accuracies }) => accuracies.at(-1)!);
const share = (replay - naive) / (joint - naive);
console.log(`share of the way from naive to joint: ${share.toFixed(3)}`);
const { out, ...settings } = values;
Deno.writeTextFileSync(out, JSON.stringify({ ...settings, runs, share }));
