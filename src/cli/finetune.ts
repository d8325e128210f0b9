/** `fewbit finetune`. */
import type { Command } from "./_commander.ts";
import { isFolder, readFile } from "../files/read_file.ts";
import { named } from "../files/named.ts";
import { adapterMetadata, encodeAdapters } from "../training/adapters.ts";
import { encodePictureFacts } from "../training/picture_facts.ts";
import { startWeights } from "../training/start_weights.ts";
import type { StartWeights } from "../training/start_weights.ts";
import { fineTunedClassifier } from "../training/tiny_classifier.ts";
import { FewbitError } from "../errors.ts";
import { decodeCheckpoint } from "../training/checkpoint.ts";
import { examples } from "./_program.ts";
import { finetuneQuantized, NOT_QUANTIZED } from "./_finetune_quantized.ts";
import { choice, writeWhole } from "./_run.ts";
import { resumeTraining, trainEpochs, trainingFiles } from "./_train_epochs.ts";
import { addPictureOptions, addStepOptions, stepsOf } from "./_training_options.ts";
import type { StepOptions } from "./_training_options.ts";
import { preparing, trainingPictures } from "./_training_pictures.ts";
import type { PictureOptions, TakenPictures } from "./_training_pictures.ts";
import { refuseUnfit } from "./_unfit_options.ts";

/** Rates where none is given: all is changed with care, a part of it more. */
const RATES = { sgd: 0.02, others: 0.002 };
/** Sides of pictures for weights that say nothing of them. */
const SIDES = { "ds-cnn": 28, "resnet8": 32, "mobilenet-v1": 32, "vit": 28 };
/** Deviation of pixels that become numbers from 0 to 255. */
const BYTE = 1 / 255;

/** What `fewbit finetune` takes and does. */
export default function finetuneCommand(command: Command, signal: AbortSignal): void {
  const typed = command
    .argument(
      "<checkpoint>",
      'What "fewbit train" or "export" wrote, or MLPerf Tiny\'s networks as safetensors; with --quantized ' +
        "a vit, or a folder of timm or Hugging Face",
    )
    .option(
      "--only <parts>",
      "What is trained, with commas: head, bias, norm, lora:8 (a rank), blocks:4-6, full; " +
        "where classes are others, the head is new and trained besides",
      "head",
    )
    .option("--adapters <file>", "With lora: adapters, and what is trained besides, as a file")
    .option(
      "--quantized <kind>",
      "shift: a plain ViT learns to be I-ViT's integers, which are the output (-o: model.fewbit)",
    );
  addPictureOptions(command);
  addStepOptions(command, {
    optimizer: "adamw",
    rate: "0.002, or 0.02 for sgd; with --quantized 0.00002",
    output: "finetuned.safetensors",
  });
  typed
    .addHelpText(
      "after",
      examples(
        "fewbit finetune clothes.safetensors --limit 64 --epochs 1 --only norm --json",
        "fewbit finetune clothes.safetensors --data photos --epochs 1 --batch 1 -o tuned.safetensors",
        "fewbit finetune clothes.safetensors --limit 64 --epochs 1 --only lora:4 --adapters small",
        "fewbit train --model vit --limit 64 --epochs 1 -o vit.safetensors",
        "fewbit finetune vit.safetensors --quantized shift --limit 64 --epochs 1 -o vit.fewbit",
      ),
    )
    .action(async (checkpoint, own) => {
      const options = own as typeof own & StepOptions & PictureOptions;
      const { only, adapters, quantized } = options;
      if (quantized !== undefined) {
        choice("quantized", quantized, ["shift"]);
        refuseUnfit(command, NOT_QUANTIZED, "--quantized");
        const isGiven = command.getOptionValueSource("output") === "cli";
        const output = isGiven ? options.output : "model.fewbit";
        return await finetuneQuantized(checkpoint, { ...options, output }, signal);
      }
      if (await isFolder(checkpoint)) {
        throw new FewbitError(
          "invalid_argument",
          `Cannot fine-tune ${checkpoint}: it is a folder; those of vision transformers go with --quantized shift`,
        );
      }
      const written = adapters === undefined ? [] : [[adapters, "--adapters"] as const];
      const files = await trainingFiles(options, { read: [checkpoint], written });
      const bytes = await readFile(checkpoint, { signal });
      const start = await named(checkpoint, () => startWeights(bytes));
      const { network, facts } = start;
      const pictures = await trainingPictures(options, takenBy(start));
      const { heldOut, picture, labels, preprocessing } = pictures;
      const { training, ...steps } = stepsOf(options, pictures, {
        optimizer: "adamw",
        rate: (kind) => kind === "sgd" ? RATES.sgd : RATES.others,
      });
      const hasNewHead = facts?.labels.join("\n") !== labels.join("\n");
      const shape = { start, picture, classes: labels.length, hasNewHead, only };
      const { trainer, tuning } = await fineTunedClassifier({ ...shape, ...training });
      using _ = trainer;
      if (adapters !== undefined && tuning.adapters.length === 0) {
        throw new FewbitError(
          "invalid_argument",
          `Option --adapters goes with --only lora:8, not "${only}"`,
        );
      }
      const averaged = options.average !== undefined;
      const settings = { network, picture, classes: labels.length, hasNewHead, only, ...training };
      const evaluating = { heldOut, averaged, settings, signal };
      const best = options.resume ? await resumeTraining(trainer, files, evaluating) : -1;
      const said = encodePictureFacts({ network, labels, preprocessing });
      await trainEpochs(trainer, {
        ...steps,
        ...files,
        ...evaluating,
        best,
        title: `${network}, ${only}${hasNewHead ? ", a new head" : ""}${
          training.dtype === "f32" ? "" : `, ${training.dtype}`
        }`,
        metadata: { ...said, ...adapterMetadata(tuning.adapters) },
        json: options.json ?? false,
      });
      if (adapters === undefined) return;
      const { tensors } = decodeCheckpoint(await readFile(files.output));
      const statistics = tuning.frozenStatistics
        ? []
        : [...tensors.keys()].filter((name) => /\.running_(mean|var)$/.test(name));
      const changed = [...tuning.trained, ...statistics];
      await writeWhole(adapters, encodeAdapters(tensors, changed, tuning.adapters, said), signal);
    });
}

/** How pictures become inputs: as they did, or else as MLPerf Tiny has it or their own statistics say. */
function takenBy({ network, weights, facts, takesBytes }: StartWeights): TakenPictures {
  const first = weights.get("conv0.weight") ?? weights.get("patch_embed.proj.weight");
  const channels = first?.shape[1] === 1 ? 1 : 3;
  const taken = { channels, side: SIDES[network] } as const;
  if (facts !== undefined) return { ...taken, preparing: facts.preprocessing };
  const picture = [taken.side, taken.side, channels] as const;
  const filled = (value: number): number[] => Array(channels).fill(value);
  const how = preparing(picture, { mean: filled(0), std: filled(takesBytes ? BYTE : 1) });
  return { ...taken, preparing: how, hasStatistics: !takesBytes };
}
