/** `fewbit train --replay`: classes one experience after the other, from a memory of what the first layers made of old ones. */
import { FewbitError } from "../errors.ts";
import { formatBytes } from "../format_bytes.ts";
import { ContinualClassifier } from "../training/continual/continual_classifier.ts";
import { LATENT_TYPES } from "../training/continual/latent_codes.ts";
import { encodePictureFacts } from "../training/picture_facts.ts";
import type { TrainingData } from "../training/training_data.ts";
import { print, printJson } from "./_print.ts";
import { memoryTable } from "./_memory_table.ts";
import { choice, count, number, progressLine, writeWhole } from "./_run.ts";
import type { StepOptions } from "./_training_options.ts";
import type { TrainingPictures } from "./_training_pictures.ts";

/** Options of learning in experiences. */
export interface ContinualOptions {
  readonly replay?: string | undefined;
  readonly experiences?: string | undefined;
  readonly latents?: string | undefined;
}

/** Epochs of an experience behind the first one. */
const LATER_EPOCHS = 4;
/** Rate of the first experience where none is given, and what of it later ones have. */
const RATE = 0.1, LATER = 0.5;

/**
 * Trains a DS-CNN on some classes, then on others.
 *
 * @param replayed Pictures whose latents are kept.
 */
export async function trainContinually(
  replayed: string,
  options: ContinualOptions & StepOptions,
  pictures: TrainingPictures,
  signal: AbortSignal,
): Promise<void> {
  const { labels, learned, heldOut, picture, preprocessing } = pictures;
  const memory = count("replay", replayed, 2 ** 20);
  const sizes = sizesOf(options.experiences, labels.length);
  const parts = await byClass(learned);
  const [height, width, channels] = picture;
  if (channels !== 1) {
    throw new FewbitError("invalid_argument", `A DS-CNN takes 1 channel, got ${channels}`);
  }
  const rate = options.rate === undefined ? RATE : number("rate", options.rate);
  const experiences = sizes.map((size, i) => {
    const first = sizes.slice(0, i).reduce((a, b) => a + b, 0);
    const classes = Array.from({ length: size }, (_, c) => first + c);
    return { classes, data: chosen(learned, classes.flatMap((c) => parts.get(c) ?? [])) };
  });
  const empty = experiences.find(({ data }) => data.count === 0);
  if (empty !== undefined) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot learn classes ${empty.classes.join(", ")}: there is no picture of them`,
    );
  }
  using learner = await ContinualClassifier.load({
    picture: [height, width],
    classes: labels.length,
    memory,
    latents: choice("latents", options.latents ?? "u8", LATENT_TYPES),
    seed: count("seed", options.seed),
    batch: [count("batch", options.batch), 128],
    epochs: [count("epochs", options.epochs), LATER_EPOCHS],
    rate: [rate, LATER * rate],
  }, experiences[0].data.count);
  if (!options.json) {
    const { trainingMemory, mostMemoryBytes } = learner;
    print(
      `ds-cnn: ${learned.count} pictures in ${experiences.length} experiences of ${sizes} classes, ` +
        `${heldOut.count} held out, ${
          formatBytes(mostMemoryBytes)
        } for latents of ${memory}; the first experience takes`,
    );
    for (const row of memoryTable(trainingMemory)) print(row);
  }
  const start = performance.now();
  const progress = progressLine();
  let accuracy = 0;
  for (const [i, { classes, data }] of experiences.entries()) {
    let steps = 0;
    try {
      await learner.learn(data, (loss) => {
        signal.throwIfAborted();
        progress.update(`experience ${i + 1}, step ${++steps}, loss ${loss.toFixed(4)}`);
      });
    } finally {
      progress.end();
    }
    accuracy = await learner.accuracy(heldOut);
    const names = classes.map((c) => labels[c]);
    const { remembered, memoryBytes } = learner;
    if (options.json) {
      printJson({ experience: i + 1, classes: names, accuracy, remembered, memoryBytes });
    } else {
      print(
        `experience ${i + 1} of ${experiences.length}, ${
          names.join(", ")
        }: ${data.count} pictures, ` +
          `${(100 * accuracy).toFixed(2)} % of all classes; ${remembered} remembered, ${
            formatBytes(memoryBytes)
          }`,
      );
    }
    const metadata = encodePictureFacts({ network: "ds-cnn", labels, preprocessing });
    await writeWhole(options.output, await learner.save(metadata), signal);
  }
  const seconds = (performance.now() - start) / 1000;
  if (options.json) printJson({ output: options.output, accuracy, seconds });
  else {print(
      `${options.output}: ${(100 * accuracy).toFixed(2)} % of ${heldOut.count}, ${
        seconds.toFixed(1)
      } s`,
    );}
}

/** How many classes each experience has. */
function sizesOf(given: string | undefined, classes: number): number[] {
  const half = Math.max(1, Math.floor(classes / 2));
  const sizes = given === undefined
    ? [half, ...new Array(classes - half).fill(1)]
    : given.split(",").map((size) => count("experiences", size, classes));
  if (sizes.reduce((a, b) => a + b, 0) === classes) return sizes;
  throw new FewbitError(
    "invalid_argument",
    `Option --experiences is "${given}", expected numbers of classes that are ${classes} together`,
  );
}

/** The numbers of the examples of each class. */
async function byClass(data: TrainingData): Promise<Map<number, number[]>> {
  const found = new Map<number, number[]>();
  const { labels } = await data.batch(Int32Array.from({ length: data.count }, (_, i) => i));
  (labels as Int32Array).forEach((label, i) => found.set(label, [...found.get(label) ?? [], i]));
  return found;
}

/** Some examples. */
function chosen(data: TrainingData, examples: readonly number[]): TrainingData {
  return {
    count: examples.length,
    batch: (numbers, place) => data.batch(Int32Array.from(numbers, (i) => examples[i]), place),
  };
}
