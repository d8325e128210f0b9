/** `fewbit train`. */
import type { Command } from "./_commander.ts";
import { checkOutput } from "../files/check_output.ts";
import { readFile, readOptionalFile } from "../files/read_file.ts";
import { augmented } from "../training/augmented.ts";
import type { AugmentationSettings } from "../training/augmented.ts";
import { encodePictureFacts } from "../training/picture_facts.ts";
import { tinyClassifier } from "../training/tiny_classifier.ts";
import { TINY_NETWORKS } from "../training/tiny_network.ts";
import type { Optimizer } from "../training/optimizers/optimizer.ts";
import type { PlateauSchedule } from "../training/optimizers/plateau.ts";
import type { Schedule } from "../training/optimizers/schedule.ts";
import type { Preprocessing } from "../vision/preprocess.ts";
import { examples } from "./_program.ts";
import { choice, count, number, writeWhole } from "./_run.ts";
import { trainEpochs } from "./_train_epochs.ts";
import { trainingPictures } from "./_training_pictures.ts";

const OPTIMIZERS = ["sgd", "adamw", "adam", "rmsprop", "adagrad", "lion"] as const;
const SCHEDULES = ["warmup_cosine", "constant", "plateau"] as const;
/** The share of the steps in which the rate rises. */
const WARMUP = 0.05;
/** A rate that is halved where the loss of a hundred steps does not fall by a hundredth. */
const PLATEAU = { factor: 0.5, patience: 100, threshold: 0.01, cooldown: 0, min: 0 };
/** Most that `--augment` changes contrast and brightness by. */
const JITTER = 0.1;
/** Pixels that a picture is moved by, of so many of its side. */
const MOVED = 14;
/** What networks take of the pictures in a folder: channels, and pixels of a side where none are given. */
const TAKEN = {
  "ds-cnn": { channels: 1, side: 28 },
  "resnet8": { channels: 3, side: 32 },
  "mobilenet-v1": { channels: 3, side: 32 },
  "vit": { channels: 3, side: 28 },
} as const;

/** What `fewbit train` takes and does. */
export default function trainCommand(command: Command, signal: AbortSignal): void {
  command
    .option(
      "--data <path>",
      "A folder with a folder of PNG and JPEG files for each class, or an IDX file of pictures " +
        "(default: the sample of Fashion-MNIST that ships)",
    )
    .option("--images <idx>", "Pictures: an IDX file, also gzipped")
    .option("--labels <idx>", "Labels of pictures in an IDX file")
    .option("--test-images <idx>", "Pictures that are held out (default: a tenth)")
    .option("--test-labels <idx>", "Their labels")
    .option("--side <pixels>", "Of pictures in a folder (default: 28 for ds-cnn, 32 for resnet8)")
    .option("--model <name>", TINY_NETWORKS.join(", "), "ds-cnn")
    .option("--epochs <n>", "How often all pictures are gone through", "6")
    .option("--batch <n>", "Pictures of a step", "32")
    .option("--limit <n>", "Only the first pictures")
    .option("--optimizer <name>", OPTIMIZERS.join(", "), "sgd")
    .option("--rate <x>", "Largest learning rate (default: 0.2 for sgd, else 0.003)")
    .option("--schedule <name>", SCHEDULES.join(", "), "warmup_cosine")
    .option("--decay <x>", "Weight decay of weights, not of norms and biases", "0.0005")
    .option("--accumulate <n>", "Batches whose gradients a step adds up", "1")
    .option("--clip <x>", "Most that the norm of all gradients may be")
    .option(
      "--average <x>",
      "What moving averages of the weights, which are evaluated, keep in a step",
    )
    .option("--augment", "Move, mirror and brighten pictures at random")
    .option("--seed <n>", "Of first weights and the order of pictures", "1")
    .option("-o, --output <file>", "Best checkpoint; the curve is beside it", "trained.safetensors")
    .option("--checkpoint <file>", "Last checkpoint (default: the output with .last)")
    .option("--resume", "Go on from the last checkpoint")
    .option("--json", "One JSON object for each epoch, and one at the end")
    .addHelpText(
      "after",
      examples(
        "fewbit train --limit 128 --epochs 1",
        "fewbit train --data photos --epochs 1 --batch 1 -o photos.safetensors",
        "fewbit train --images images.idx --labels labels.idx --epochs 1 --batch 1 -o net --json",
      ),
    )
    .action(async (options) => {
      const { output, checkpoint = `${output}.last` } = options;
      const curve = `${output.replace(/\.safetensors$/, "")}.svg`;
      const inputs = [
        options.data,
        options.images,
        options.labels,
        options.testImages,
        options.testLabels,
      ].filter((input) => input !== undefined);
      for (const path of [output, checkpoint, curve]) await checkOutput(path, inputs);
      const network = choice("model", options.model, TINY_NETWORKS);
      const { learned: plain, heldOut, picture, labels, preprocessing } = await trainingPictures(
        options,
        TAKEN[network],
      );
      const seed = count("seed", options.seed);
      const learned = options.augment === undefined
        ? plain
        : augmented(plain, { ...augmentation(picture, preprocessing), seed });
      const batch = count("batch", options.batch);
      const accumulate = count("accumulate", options.accumulate, 65_536);
      const epochs = count("epochs", options.epochs);
      const steps = epochs * Math.floor(learned.count / (batch * accumulate));
      const kind = choice("optimizer", options.optimizer, OPTIMIZERS);
      const rate = options.rate === undefined
        ? kind === "sgd" ? 0.2 : 0.003
        : number("rate", options.rate);
      using trainer = await tinyClassifier({
        network,
        picture,
        classes: labels.length,
        batch,
        rate,
        optimizer: optimizerOf(kind),
        schedule: scheduleOf(choice("schedule", options.schedule, SCHEDULES), steps),
        decay: number("decay", options.decay),
        seed,
        accumulate,
        ...options.clip !== undefined && { clipNorm: number("clip", options.clip) },
        ...options.average !== undefined && { average: number("average", options.average) },
      });
      const averaged = options.average !== undefined;
      let best = -1;
      if (options.resume) {
        const known = await readOptionalFile(output);
        if (known !== undefined) {
          trainer.restore(known);
          best = (await trainer.evaluate(heldOut, { averaged, signal })).accuracy;
        }
        const last = await readFile(checkpoint);
        trainer.restore(last);
        // Stopped between the end of an epoch and its evaluation, it is better than what is known, perhaps.
        if (trainer.cursor.batch === 0) {
          const { accuracy } = await trainer.evaluate(heldOut, { averaged, signal });
          if (accuracy > best) await writeWhole(output, last, signal);
          best = Math.max(best, accuracy);
        }
      }
      await trainEpochs(trainer, {
        ...{ learned, heldOut, epochs, steps, best, output, checkpoint, curve, network, signal },
        metadata: encodePictureFacts({ network, labels, preprocessing }),
        averaged,
        json: options.json ?? false,
      });
    });
}

function optimizerOf(kind: (typeof OPTIMIZERS)[number]): Optimizer {
  return kind === "sgd" ? { kind, momentum: 0.9, nesterov: true } : { kind };
}

function scheduleOf(kind: (typeof SCHEDULES)[number], steps: number): Schedule | PlateauSchedule {
  const warmup = Math.max(1, Math.round(WARMUP * steps));
  if (kind === "plateau") return { kind, ...PLATEAU };
  return kind === "constant" ? { kind } : { kind, min: 0, warmup, steps: Math.max(1, steps) };
}

/** What `--augment` does to pictures of a size; around them is what a pixel of 0 becomes. */
function augmentation(
  picture: readonly [number, number, number],
  { mean: [mean], std: [std] }: Preprocessing,
): AugmentationSettings {
  const crop = Math.round(Math.min(picture[0], picture[1]) / MOVED);
  return { picture, crop, flip: true, jitter: JITTER, fill: -mean / std };
}
