/** `fewbit train`. */
import type { Command } from "./_commander.ts";
import { FewbitError } from "../errors.ts";
import { checkOutput } from "../files/check_output.ts";
import { readFile, readOptionalFile } from "../files/read_file.ts";
import { formatBytes } from "../format_bytes.ts";
import { TINY_NETWORKS, tinyClassifier } from "../training/tiny_classifier.ts";
import type { Optimizer } from "../training/optimizers/optimizer.ts";
import type { Schedule } from "../training/optimizers/schedule.ts";
import type { Trainer } from "../training/trainer.ts";
import type { TrainingData } from "../training/training_data.ts";
import { examplesOf, pixelStatistics, readPictures, split } from "./_pictures.ts";
import { print, printJson } from "./_print.ts";
import { examples } from "./_program.ts";
import { choice, count, number, progressLine, writeWhole } from "./_run.ts";

const OPTIMIZERS = ["sgd", "adamw", "adam", "rmsprop", "adagrad", "lion"] as const;
const SCHEDULES = ["warmup_cosine", "constant"] as const;
/** The share of the steps in which the rate rises. */
const WARMUP = 0.05;
/** The share of the pictures that are held out where no others are given. */
const HELD_OUT = 0.1;

/** What `fewbit train` takes and does. */
export default function trainCommand(command: Command, signal: AbortSignal): void {
  command
    .option("--images <idx>", "Pictures: an IDX file, also gzipped (must be given)")
    .option("--labels <idx>", "Their labels: an IDX file (must be given)")
    .option("--test-images <idx>", "Pictures that are held out (default: the last tenth)")
    .option("--test-labels <idx>", "Their labels")
    .option("--model <name>", TINY_NETWORKS.join(", "), "ds-cnn")
    .option("--epochs <n>", "How often all pictures are gone through", "3")
    .option("--batch <n>", "Pictures of a step", "64")
    .option("--limit <n>", "Only the first pictures")
    .option("--optimizer <name>", OPTIMIZERS.join(", "), "sgd")
    .option("--rate <x>", "Largest learning rate (default: 0.3 for sgd, else 0.003)")
    .option("--schedule <name>", SCHEDULES.join(", "), "warmup_cosine")
    .option("--decay <x>", "Weight decay of weights, not of norms and biases", "0.0005")
    .option("--seed <n>", "Of first weights and the order of pictures", "1")
    .option("-o, --output <file>", "Best checkpoint", "trained.safetensors")
    .option("--checkpoint <file>", "Last checkpoint (default: the output with .last)")
    .option("--resume", "Go on from the last checkpoint")
    .option("--json", "One JSON object for each epoch, and one at the end")
    .addHelpText(
      "after",
      examples(
        "fewbit train --images t10k-images-idx3-ubyte.gz --labels t10k-labels-idx1-ubyte.gz --batch 1",
        "fewbit train --images images.idx --labels labels.idx --epochs 1 --batch 1 -o net --json",
      ),
    )
    .action(async (options) => {
      const { output, checkpoint = `${output}.last`, images, labels } = options;
      // As required options they would be missed before a slip in their names is found.
      if (images === undefined) command.error("error: option '--images <idx>' is missing");
      if (labels === undefined) command.error("error: option '--labels <idx>' is missing");
      const inputs = [images, labels, options.testImages, options.testLabels];
      for (const path of [output, checkpoint]) {
        await checkOutput(path, inputs.filter((input) => input !== undefined));
      }
      const { learned, heldOut, picture, classes } = await picturesOf({
        ...options,
        images,
        labels,
      });
      const batch = count("batch", options.batch);
      const epochs = count("epochs", options.epochs);
      const steps = epochs * Math.floor(learned.count / batch);
      const kind = choice("optimizer", options.optimizer, OPTIMIZERS);
      const rate = options.rate === undefined
        ? kind === "sgd" ? 0.3 : 0.003
        : number("rate", options.rate);
      using trainer = await tinyClassifier({
        network: choice("model", options.model, TINY_NETWORKS),
        picture,
        classes,
        batch,
        rate,
        optimizer: optimizerOf(kind),
        schedule: scheduleOf(choice("schedule", options.schedule, SCHEDULES), steps),
        decay: number("decay", options.decay),
        seed: count("seed", options.seed),
      });
      let best = -1;
      if (options.resume) {
        const known = await readOptionalFile(output);
        if (known !== undefined) {
          trainer.restore(known);
          best = (await trainer.evaluate(heldOut, { signal })).accuracy;
        }
        const last = await readFile(checkpoint);
        trainer.restore(last);
        // Stopped between the end of an epoch and its evaluation, it is better than what is known, perhaps.
        if (trainer.cursor.batch === 0) {
          const { accuracy } = await trainer.evaluate(heldOut, { signal });
          if (accuracy > best) await writeWhole(output, last, signal);
          best = Math.max(best, accuracy);
        }
      }
      const json = options.json ?? false;
      const files = { output, checkpoint, json };
      await train(trainer, { learned, heldOut, epochs, steps, best, signal, ...files });
    });
}

function optimizerOf(kind: (typeof OPTIMIZERS)[number]): Optimizer {
  return kind === "sgd" ? { kind, momentum: 0.9, nesterov: true } : { kind };
}

function scheduleOf(kind: (typeof SCHEDULES)[number], steps: number): Schedule {
  const warmup = Math.max(1, Math.round(WARMUP * steps));
  return kind === "constant" ? { kind } : { kind, min: 0, warmup, steps: Math.max(1, steps) };
}

interface PictureOptions {
  readonly images: string;
  readonly labels: string;
  readonly testImages?: string;
  readonly testLabels?: string;
  readonly limit?: string;
}

/** What is learned from, and what is held out. */
async function picturesOf({ images, labels, testImages, testLabels, limit }: PictureOptions) {
  if ((testImages === undefined) !== (testLabels === undefined)) {
    throw new FewbitError(
      "invalid_argument",
      "Options --test-images and --test-labels go together",
    );
  }
  const most = limit === undefined ? Infinity : count("limit", limit);
  const all = await readPictures(images, labels, most);
  const [learned, heldOut] = testImages === undefined
    ? split(all, all.count - Math.max(1, Math.floor(HELD_OUT * all.count)))
    : [all, await readPictures(testImages, testLabels!)];
  if (heldOut.picture.join() !== learned.picture.join()) {
    throw new FewbitError(
      "shape_mismatch",
      `Cannot evaluate: pictures are ${heldOut.picture.join("×")}, not ${
        learned.picture.join("×")
      }`,
    );
  }
  const statistics = pixelStatistics(learned);
  return {
    learned: examplesOf(learned, statistics),
    heldOut: examplesOf(heldOut, statistics),
    picture: learned.picture,
    classes: learned.labels.reduce((most, label) => Math.max(most, label), 0) + 1,
  };
}

interface Run {
  readonly learned: TrainingData;
  readonly heldOut: TrainingData;
  readonly epochs: number;
  readonly steps: number;
  readonly output: string;
  readonly checkpoint: string;
  /** Accuracy of what the output holds, −1 for nothing. */
  readonly best: number;
  /** JSON objects instead of lines. */
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** Trains epoch by epoch; what was reached is on the disk after each, and after Ctrl-C. */
async function train(trainer: Trainer, run: Run): Promise<void> {
  const { learned, heldOut, epochs, steps, output, checkpoint, json, signal } = run;
  if (!json) {
    print(`${steps} steps of ${trainer.batch}, ${formatBytes(trainer.memoryBytes)} of memory`);
  }
  const progress = progressLine();
  let { best } = run;
  let losses: number[] = [];
  const start = performance.now();
  const before = trainer.steps;
  const rateNow = (): number => (trainer.steps - before) / ((performance.now() - start) / 1000);
  try {
    for (let epoch = trainer.cursor.epoch; epoch < epochs; epoch++) {
      for await (const { step, loss } of trainer.fit(learned, { epochs: epoch + 1, signal })) {
        losses.push(loss);
        const left = Math.ceil((steps - step) / rateNow());
        progress.update(`step ${step} of ${steps}, loss ${loss.toFixed(4)}, ${left} s left`);
      }
      progress.end();
      const { accuracy } = await trainer.evaluate(heldOut, { signal });
      // Of an epoch that was stopped behind its last step there is none to tell.
      const mean = losses.length === 0 ? undefined : losses.reduce((a, b) => a + b) / losses.length;
      const rate = Math.round(rateNow() * trainer.batch);
      if (json) printJson({ epoch: epoch + 1, loss: mean, accuracy, picturesPerSecond: rate });
      else {
        print(
          `epoch ${epoch + 1}: loss ${mean?.toFixed(4) ?? "–"}, ${
            (100 * accuracy).toFixed(2)
          } % of ` +
            `${heldOut.count}, ${rate} pictures/s`,
        );
      }
      losses = [];
      const bytes = await trainer.save();
      await writeWhole(checkpoint, bytes, signal);
      if (accuracy > best) await writeWhole(output, bytes, signal);
      best = Math.max(best, accuracy);
    }
  } catch (error) {
    // Ctrl-C comes between two steps; what was learned until then is kept.
    if (signal.aborted) await writeWhole(checkpoint, await trainer.save());
    throw error;
  } finally {
    progress.end();
  }
  if (json) printJson({ output, accuracy: best });
  else print(`${output}: ${(100 * best).toFixed(2)} %`);
}
