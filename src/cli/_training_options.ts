/** What `fewbit train` and `fewbit finetune` have in common: their options, and what they say. */
import type { CommandUnknownOpts } from "./_commander.ts";
import { FewbitError } from "../errors.ts";
import { augmented } from "../training/augmented.ts";
import type { AugmentationSettings } from "../training/augmented.ts";
import { MASTERS, SUMS_KINDS, TRAINING_TYPES } from "../training/half_precision.ts";
import type { Optimizer } from "../training/optimizers/optimizer.ts";
import type { PlateauSchedule } from "../training/optimizers/plateau.ts";
import type { Schedule } from "../training/optimizers/schedule.ts";
import type { TinyTrainingSettings } from "../training/tiny_classifier.ts";
import type { TrainerSettings } from "../training/trainer_options.ts";
import type { TrainingData } from "../training/training_data.ts";
import type { Preprocessing } from "../vision/preprocess.ts";
import { byteCount } from "./_bytes.ts";
import { choice, count, number } from "./_run.ts";
import type { TrainingPictures } from "./_training_pictures.ts";

/** Names of the optimisers. */
export const OPTIMIZERS = ["sgd", "adamw", "adam", "rmsprop", "adagrad", "lion"] as const;
/** Name of an optimiser. */
export type OptimizerName = (typeof OPTIMIZERS)[number];

const SCHEDULES = ["warmup_cosine", "constant", "plateau"] as const;
/** The share of the steps in which the rate rises. */
const WARMUP = 0.05;
/** A rate that is halved where the loss of a hundred steps does not fall by a hundredth. */
const PLATEAU = { factor: 0.5, patience: 100, threshold: 0.01, cooldown: 0, min: 0 };
/** Most that `--augment` changes contrast and brightness by. */
const JITTER = 0.1;
/** Pixels that a picture is moved by, of so many of its side. */
const MOVED = 14;

/** Adds the options of pictures. */
export function addPictureOptions(command: CommandUnknownOpts): void {
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
    .option("--limit <n>", "Only the first pictures");
}

/** Adds the options of the steps; `said` is what the help text says where nothing is given. */
export function addStepOptions(
  command: CommandUnknownOpts,
  said: {
    readonly optimizer: string;
    readonly rate: string;
    readonly output: string;
    /** Whether texts are learned, too, which other numbers suit. */
    readonly hasTexts?: true;
  },
): void {
  const { optimizer, rate, output, hasTexts } = said;
  const ofTexts = (what: string): string => hasTexts === undefined ? "" : what;
  command
    .option("--epochs <n>", "How often all pictures are gone through", "6")
    .option("--batch <n>", `Pictures of a step${ofTexts("; of a text 4 windows")}`, "32")
    .option("--optimizer <name>", `${OPTIMIZERS.join(", ")} (default: ${optimizer})`)
    .option("--rate <x>", `Largest learning rate (default: ${rate})`)
    .option("--schedule <name>", SCHEDULES.join(", "), "warmup_cosine")
    .option(
      "--decay <x>",
      "Weight decay of weights, not of norms and biases" +
        ofTexts("; of a text 0.1 with adamw and lion, else 0"),
      "0.0005",
    )
    .option("--accumulate <n>", "Batches whose gradients a step adds up", "1")
    .option(
      "--clip <x>",
      `Most that the norm of all gradients may be${ofTexts(" (default: 1 for a text)")}`,
    )
    .option(
      "--average <x>",
      "What moving averages of the weights, which are evaluated, keep in a step",
    )
    .option(
      "--dtype <type>",
      `${TRAINING_TYPES.join(", ")}: how activations and weights are kept; optimisers are f32`,
      "f32",
    )
    .option(
      "--master <kind>",
      `${MASTERS.join(", ")}: what there is of weights beside 16 bits ` +
        "(default: split for bf16, f32 for f16)",
    )
    .option(
      "--sums <type>",
      `${SUMS_KINDS.join(", ")}: how sums of products are kept; 16 rounds them after each step, ` +
        "to be compared with",
      "f32",
    )
    .option(
      "--memory <bytes>",
      "Most that training may take, as 2MB: what does not fit is computed again, to the same bits",
    )
    .option(
      "--release-gradients",
      "Update weights as soon as their gradient is there: not with --clip, --accumulate and f16; " +
        "language models are not clipped then",
    )
    .option(
      "--fast",
      "Round products and sums once: other bits on other hosts; with wasm/fewbit.train-fast.wasm",
    )
    .option("--augment", "Move, mirror and brighten pictures at random")
    .option("--seed <n>", "Of first weights and the order of pictures", "1")
    .option("-o, --output <file>", "Best checkpoint; the curve is beside it", output)
    .option("--checkpoint <file>", "Last checkpoint (default: the output with .last)")
    .option("--resume", "Go on from the last checkpoint")
    .option("--json", "One JSON object for each epoch, and one at the end");
}

/** What was given of them. */
export interface StepOptions {
  readonly epochs: string;
  readonly batch: string;
  readonly optimizer?: string | undefined;
  readonly rate?: string | undefined;
  readonly schedule: string;
  readonly decay: string;
  readonly accumulate: string;
  readonly clip?: string | undefined;
  readonly average?: string | undefined;
  readonly dtype: string;
  readonly master?: string | undefined;
  readonly sums: string;
  readonly memory?: string | undefined;
  readonly releaseGradients?: true | undefined;
  readonly fast?: true | undefined;
  readonly augment?: true | undefined;
  readonly seed: string;
  readonly output: string;
  readonly checkpoint?: string | undefined;
  readonly resume?: true | undefined;
  readonly json?: true | undefined;
}

type Precision = Pick<TinyTrainingSettings, "dtype" | "master" | "sums" | "fast">;

/** Steps as a trainer takes them. */
export interface Steps {
  readonly training: TinyTrainingSettings;
  readonly epochs: number;
  /** Of all epochs. */
  readonly steps: number;
  readonly learned: TrainingData;
}

/**
 * Reads the options of the steps.
 *
 * @param chosen The optimiser and rates where none are given.
 */
export function stepsOf(
  options: StepOptions,
  { learned: plain, picture, preprocessing }: TrainingPictures,
  chosen: { readonly optimizer: OptimizerName; readonly rate: (of: OptimizerName) => number },
): Steps {
  const seed = count("seed", options.seed);
  const learned = options.augment === undefined
    ? plain
    : augmented(plain, { ...augmentation(picture, preprocessing), seed });
  const batch = count("batch", options.batch);
  const accumulate = count("accumulate", options.accumulate, 65_536);
  const epochs = count("epochs", options.epochs);
  const steps = epochs * Math.floor(learned.count / (batch * accumulate));
  const kind = choice("optimizer", options.optimizer ?? chosen.optimizer, OPTIMIZERS);
  const training = {
    batch,
    rate: options.rate === undefined ? chosen.rate(kind) : number("rate", options.rate),
    optimizer: optimizerOf(kind),
    schedule: scheduleOf(options.schedule, steps),
    decay: number("decay", options.decay),
    seed,
    accumulate,
    ...options.clip !== undefined && { clipNorm: number("clip", options.clip) },
    ...options.average !== undefined && { average: number("average", options.average) },
    ...precisionOf(options),
    ...memoryOf(options),
  };
  return { training, epochs, steps, learned };
}

/** What of the options says how much memory training takes. */
export function memoryOf({ memory, releaseGradients }: StepOptions): MemorySettings {
  return {
    ...memory !== undefined &&
      {
        memoryLimitBytes: byteCount("memory", memory, {
          expected: "bytes, as 2MB, 512KiB or 2000000",
        }),
      },
    ...releaseGradients && { releaseGradients },
  };
}

type MemorySettings = Pick<TrainerSettings, "memoryLimitBytes" | "releaseGradients">;

/** How values are kept, and products and sums rounded. */
export function precisionOf({ dtype, master, sums, fast }: StepOptions): Precision {
  if (master !== undefined && dtype === "f32") {
    throw new FewbitError("invalid_argument", "Option --master does not go with --dtype f32");
  }
  if (sums !== "f32" && dtype === "f32") {
    throw new FewbitError("invalid_argument", "Option --sums 16 goes with --dtype bf16 or f16");
  }
  return {
    dtype: choice("dtype", dtype, TRAINING_TYPES),
    sums: choice("sums", sums, SUMS_KINDS),
    ...master !== undefined && { master: choice("master", master, MASTERS) },
    ...fast && { fast },
  };
}

/** The optimiser of that name. */
export function optimizerOf(kind: OptimizerName): Optimizer {
  return kind === "sgd" ? { kind, momentum: 0.9, nesterov: true } : { kind };
}

/** The schedule of that name over all steps. */
export function scheduleOf(name: string, steps: number): Schedule | PlateauSchedule {
  const kind = choice("schedule", name, SCHEDULES);
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
