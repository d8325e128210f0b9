/** `fewbit train`. */
import type { Command } from "./_commander.ts";
import { FewbitError } from "../errors.ts";
import { encodePictureFacts } from "../training/picture_facts.ts";
import { tinyClassifier } from "../training/tiny_classifier.ts";
import { TINY_NETWORKS } from "../training/tiny_network.ts";
import type { TinyNetwork } from "../training/tiny_network.ts";
import { LANGUAGE_FAMILIES } from "../training/language_model.ts";
import { examples } from "./_program.ts";
import { choice } from "./_run.ts";
import { resumeTraining, trainEpochs, trainingFiles } from "./_train_epochs.ts";
import { addPictureOptions, addStepOptions, stepsOf } from "./_training_options.ts";
import type { OptimizerName, StepOptions } from "./_training_options.ts";
import { trainingPictures } from "./_training_pictures.ts";
import type { PictureOptions } from "./_training_pictures.ts";
import { trainContinually } from "./_train_continual.ts";
import type { ContinualOptions } from "./_train_continual.ts";
import { refuseUnfit } from "./_unfit_options.ts";
import { addLanguageOptions, trainLanguage } from "./_train_language.ts";
import type { LanguageOptions } from "./_train_language.ts";

/** What suits a network where nothing else is asked for. */
interface Suiting {
  /** Of pictures in a folder. */
  readonly channels: 1 | 3;
  /** Pixels of their sides. */
  readonly side: number;
  readonly optimizer: OptimizerName;
  /** With that optimiser. */
  readonly rate: number;
}

const SUITING: Readonly<Record<TinyNetwork, Suiting>> = {
  "ds-cnn": { channels: 1, side: 28, optimizer: "sgd", rate: 0.2 },
  "resnet8": { channels: 3, side: 32, optimizer: "sgd", rate: 0.2 },
  "mobilenet-v1": { channels: 3, side: 32, optimizer: "sgd", rate: 0.3 },
  "vit": { channels: 3, side: 28, optimizer: "adamw", rate: 0.002 },
};
/** Rates with an optimiser that was chosen. */
const RATES = { sgd: 0.2, others: 0.003 };

const OF_TEXTS = ["tokenizer", "width", "depth", "hidden", "window"];
const OF_PICTURES = ["images", "labels", "testImages", "testLabels", "limit", "side", "augment"];
/** By what is trained, the options that are for something else. */
const UNFIT = {
  pictures: [...OF_TEXTS, "experiences"],
  // Nothing is there to be resumed, and its steps are those of the paper.
  replay: [
    ...OF_TEXTS,
    ...[
      "optimizer",
      "schedule",
      "decay",
      "accumulate",
      "clip",
      "average",
      "dtype",
      "master",
      "sums",
      "fast",
      "memory",
      "releaseGradients",
    ],
    ...["augment", "checkpoint", "resume"],
  ],
  text: [...OF_PICTURES, "replay", "experiences", "average", "sums"],
};

/** What `fewbit train` takes and does. */
export default function trainCommand(command: Command, signal: AbortSignal): void {
  const typed = command
    .option("--model <name>", [...TINY_NETWORKS, ...LANGUAGE_FAMILIES].join(", "), "ds-cnn")
    .option("--side <pixels>", "Of pictures in a folder (default: 28 for ds-cnn and vit, else 32)");
  typed
    .option(
      "--replay <n>",
      "Learn classes one after the other; so many old pictures are kept, as latents",
    )
    .option(
      "--experiences <list>",
      "Classes of each experience, as 5,1,1 (default: half, then one by one)",
    );
  addLanguageOptions(command);
  addPictureOptions(command);
  addStepOptions(command, {
    optimizer: "adamw for vit and texts, else sgd",
    hasTexts: true,
    rate:
      "with sgd 0.2, or 0.3 for mobilenet-v1; else 0.003, 0.002 for vit and transformer, 0.004 for hgrn-bit",
    output: "trained.safetensors",
  });
  typed
    .addHelpText(
      "after",
      examples(
        "fewbit train --limit 128 --epochs 1",
        "fewbit train --data photos --epochs 1 --batch 1 -o photos.safetensors",
        "fewbit train --model hgrn-bit --data play.txt --window 32 --epochs 1 -o play.safetensors",
        "fewbit train --memory 1.5MB --batch 1 --limit 64 --epochs 1 -o small.safetensors",
        "fewbit train --replay 64 --limit 320 --epochs 1 -o continual.safetensors",
        "fewbit train --images images.idx --labels labels.idx --epochs 1 --batch 1 -o net --json",
      ),
    )
    .action(async (own) => {
      const options = own as
        & typeof own
        & StepOptions
        & PictureOptions
        & LanguageOptions
        & ContinualOptions;
      const name = choice("model", options.model, [...TINY_NETWORKS, ...LANGUAGE_FAMILIES]);
      const family = LANGUAGE_FAMILIES.find((family) => family === name);
      if (family !== undefined) {
        refuseUnfit(command, UNFIT.text, `--model ${family}`);
        const isGiven = (option: string): boolean =>
          command.getOptionValueSource(option) !== "default";
        return await trainLanguage(family, options, isGiven, signal);
      }
      const network = choice("model", name, TINY_NETWORKS);
      if (options.replay !== undefined && network !== "ds-cnn") {
        throw new FewbitError("invalid_argument", "Option --replay goes with --model ds-cnn");
      }
      if (options.replay !== undefined) refuseUnfit(command, UNFIT.replay, "--replay");
      else refuseUnfit(command, UNFIT.pictures, `--model ${network}`);
      const files = await trainingFiles(options);
      const suiting = SUITING[network];
      const pictures = await trainingPictures(options, suiting);
      if (options.replay !== undefined) {
        return await trainContinually(options.replay, options, pictures, signal);
      }
      const { training, ...steps } = stepsOf(options, pictures, {
        optimizer: suiting.optimizer,
        rate: (kind) =>
          kind === suiting.optimizer ? suiting.rate : kind === "sgd" ? RATES.sgd : RATES.others,
      });
      const { heldOut, picture, labels, preprocessing } = pictures;
      const settings = { network, picture, classes: labels.length, ...training };
      using trainer = await tinyClassifier(settings);
      const averaged = options.average !== undefined;
      const evaluating = { heldOut, averaged, settings, signal };
      const best = options.resume ? await resumeTraining(trainer, files, evaluating) : -1;
      await trainEpochs(trainer, {
        ...steps,
        ...files,
        ...evaluating,
        best,
        title: training.dtype === "f32" ? network : `${network}, ${training.dtype}`,
        metadata: encodePictureFacts({ network, labels, preprocessing }),
        json: options.json ?? false,
      });
    });
}
