/** `fewbit finetune --quantized`: a vision transformer learns to be one of integers. */
import { readCheckpointFolder } from "../checkpoints/checkpoint_folder.ts";
import { trainedVision } from "../checkpoints/trained_vision.ts";
import { QuantizedTrainer } from "../compile/quantized_training.ts";
import { labelsOf, preprocessingOf } from "../compile/vision.ts";
import { load } from "../engines/load.ts";
import { named } from "../files/named.ts";
import { isFolder, readFile, readOptionalFile } from "../files/read_file.ts";
import { NORMALIZED } from "../models/deit.ts";
import { encodeProgram } from "../program/encode.ts";
import { evaluate } from "../training/evaluate.ts";
import type { TrainingData } from "../training/training_data.ts";
import { classNumbers } from "./_class_numbers.ts";
import { writeWhole } from "./_run.ts";
import { trainEpochs, trainingFiles } from "./_train_epochs.ts";
import type { Evaluating, TrainingFiles } from "./_train_epochs.ts";
import { restoreTrainer } from "./_training_facts.ts";
import { stepsOf } from "./_training_options.ts";
import type { StepOptions } from "./_training_options.ts";
import { trainingPictures } from "./_training_pictures.ts";
import type { PictureOptions } from "./_training_pictures.ts";

/** Where none is given: weights that know their pictures are moved with care. */
const RATE = 2e-5;

/** Options that have nothing to do with it. */
export const NOT_QUANTIZED: readonly string[] = [
  ...["only", "adapters", "accumulate", "average", "dtype", "master", "sums", "fast"],
  ...["memory", "releaseGradients"],
];

/**
 * Trains, and writes the integers that know most of the pictures held out.
 *
 * @param checkpoint A folder of timm or Hugging Face, or a vit that `fewbit train` wrote.
 */
export async function finetuneQuantized(
  checkpoint: string,
  options: StepOptions & PictureOptions,
  signal: AbortSignal,
): Promise<void> {
  const files = await trainingFiles(options, { read: [checkpoint] });
  const folder = await isFolder(checkpoint)
    ? await readCheckpointFolder(checkpoint)
    : await named(checkpoint, async () => trainedVision(await readFile(checkpoint, { signal })));
  const preparing = preprocessingOf(folder);
  const [channels, side] = preparing.inputSize;
  const pictures = await trainingPictures(options, {
    ...{ channels: channels === 1 ? 1 : 3, side },
    preparing,
  });
  const { training, learned, ...steps } = stepsOf(options, pictures, {
    optimizer: "adamw",
    rate: () => RATE,
  });
  const { batch, rate, optimizer, schedule, decay, seed, clipNorm } = training;
  const settings = {
    ...{ batch, rate, optimizer, schedule, decay, seed },
    ...clipNorm !== undefined && { clipNorm },
  };
  using trainer = await named(checkpoint, () => QuantizedTrainer.load(folder, settings));
  const classes = classNumbers(labelsOf(folder.config), trainer.classes, pictures.labels);
  const [ownLearned, heldOut] = [learned, pictures.heldOut]
    .map((data) => channelsFirst(data, pictures.picture, classes));
  const evaluating = { heldOut, averaged: false, settings, signal };
  const best = options.resume ? await resume(trainer, files, evaluating) : -1;
  await trainEpochs(trainer, {
    ...steps,
    ...files,
    ...evaluating,
    ...{ learned: ownLearned, best, metadata: {} },
    title: "vit, integers",
    encode: async () => await encodeProgram(trainer.compile().program),
    json: options.json ?? false,
  });
}

/** Pictures `[H, W, C]` as `[C, H, W]`, with the classes of the network. */
function channelsFirst(
  data: TrainingData,
  [height, width, channels]: readonly [number, number, number],
  classes: Int32Array,
): TrainingData {
  const plane = height * width;
  return {
    count: data.count,
    async batch(examples, place) {
      const { x, labels } = await data.batch(examples, place);
      const image = new Float32Array(x.length);
      for (let at = 0; at < image.length; at++) {
        const [picture, rest] = [Math.floor(at / (plane * channels)), at % (plane * channels)];
        const [c, i] = [Math.floor(rest / plane), rest % plane];
        image[at] = x[(picture * plane + i) * channels + c] as number;
      }
      return { image, labels: (labels as Int32Array).map((label) => classes[label]) };
    },
  };
}

/** Goes on from the last checkpoint; gives the accuracy of the integers that were written. */
async function resume(
  trainer: QuantizedTrainer,
  { output, checkpoint }: TrainingFiles,
  { heldOut, settings, signal }: Evaluating,
): Promise<number> {
  const last = await readFile(checkpoint);
  restoreTrainer(trainer, last, { path: checkpoint, settings });
  const known = await readOptionalFile(output);
  let best = -1;
  if (known !== undefined) {
    const { batch } = trainer;
    const run = { entry: NORMALIZED, symbols: { batch } };
    using instance = await named(output, () => load(known, { symbols: { max_batch: batch } }));
    best = (await evaluate(heldOut, batch, (inputs) =>
      instance.run(inputs, run), { signal })).accuracy;
  }
  // Stopped between the end of an epoch and its evaluation, it is better than what is known, perhaps.
  if (trainer.steps === 0 || trainer.cursor.batch !== 0) return best;
  const { accuracy } = await trainer.evaluate(heldOut, { signal });
  if (accuracy > best) {
    await writeWhole(output, await encodeProgram(trainer.compile().program), signal);
  }
  return Math.max(best, accuracy);
}
