/** `fewbit quantize`. */
import type { Command } from "./_commander.ts";
import { encodeProgram } from "../program/encode.ts";
import { FewbitError } from "../errors.ts";
import { vocabulariesBeside } from "../checkpoints/llama2c_vocabularies.ts";
import { checkOutputs } from "../files/check_output.ts";
import type { Output } from "../files/check_output.ts";
import { isFolder } from "../files/read_file.ts";
import { checkpointKind } from "../models/model_kind.ts";
import { readCheckpointFolder, readJson } from "../checkpoints/checkpoint_folder.ts";
import type { CheckpointFolder } from "../checkpoints/checkpoint_folder.ts";
import { trainedVision } from "../checkpoints/trained_vision.ts";
import { named } from "../files/named.ts";
import { isEncoderFolder } from "../checkpoints/encoder_folder.ts";
import { preprocessingOf, quantizeVision } from "../compile/vision.ts";
import { isTextCheckpointFile } from "../checkpoints/text_checkpoint.ts";
import { isLlama } from "../models/llama_config.ts";
import { LANGUAGE_BITS } from "../quantize/shifted_weights.ts";
import { defaultWorkers } from "./_calibration_threads.ts";
import { METHODS } from "./_choose_parameters.ts";
import { budgetOf, stagesOf } from "./_learn_stage.ts";
import { quantizeTextFile } from "./_quantize_text.ts";
import { openImages, openSample } from "./_images.ts";
import type { ImageList } from "./_images.ts";
import { readTrained } from "./_classifier.ts";
import { isSafetensorsFile } from "./_safetensors_file.ts";
import { SAMPLE_LABELS } from "./_sample.ts";
import { formatBytes } from "../format_bytes.ts";
import { quantizeEncoderFile } from "./_quantize_encoder.ts";
import { note, print, printJson } from "./_print.ts";
import { examples } from "./_program.ts";
import { choice, count, progressLine, writeWhole } from "./_run.ts";
import { refuseUnfit, refuseVocabulary } from "./_unfit_options.ts";

const OF_PICTURES = ["images", "adapters", "nonlinear", "observer", "batch"];
const OF_ENCODERS = ["gelu", "table"];
/** What calibration alone has a use for: parameters that are read have it behind them. */
const OF_CALIBRATION = [
  ...["method", "prefix", "windows", "length", "check", "down", "sites", "rotate"],
  ...["stages", "budget"],
];
const OF_LANGUAGE_MODELS = [...OF_CALIBRATION, "params", "workers", "lora", "tokenizer"];
/** By what is quantised, the options that are for something else; some are refused with what would do. */
const UNFIT = {
  language: [...OF_PICTURES, ...OF_ENCODERS, "limit"],
  encoder: [...OF_PICTURES.filter((name) => name !== "images"), ...OF_LANGUAGE_MODELS],
  pictures: [...OF_ENCODERS, ...OF_LANGUAGE_MODELS],
};

/** What `fewbit quantize` takes and does. */
export default function quantizeCommand(command: Command, signal: AbortSignal): void {
  command
    .argument(
      "<model>",
      "Folder with config.json and model.safetensors (timm, Hugging Face, or sentence-transformers); " +
        "a Llama also as .gguf, or llama2.c's .bin; or a vit that fewbit train wrote",
    )
    .option(
      "--images <path>",
      "Images to calibrate on: an IDX file (may be gzipped) or a folder (default, of a network that was " +
        "trained with the sample that ships: that)",
    )
    .option(
      "--calibration <file>",
      "Text to calibrate a language model on (or .json with a list of lists of ids), or a file with " +
        "a text in each line for a sentence encoder (default: the scales that ship for all-MiniLM-L6-v2)",
    )
    .option("--adapters <file>", "Of a trained vit: what fewbit finetune --adapters wrote")
    .option("-o, --output <file>", "File to write", "model.fewbit")
    .option(
      "--nonlinear <kind>",
      "table: exact softmax and GELU; shift: I-ViT's approximations",
      "table",
    )
    .option(
      "--bits <kind>",
      "w8a8, or w7a8: 7-bit weights, faster where inspect --time says dot seven; language models: " +
        "w8a8, w4a8, w4a8g64, w4a8g32",
      "w8a8",
    )
    .option(
      "--gelu <bits>",
      "Bits around GELU in a sentence encoder; 8 is less precise, faster with w7a8 only, and " +
        "needs --calibration",
      "12",
    )
    .option(
      "--table <bits>",
      "Bits of the token table of a sentence encoder; 4 makes a smaller file",
      "8",
    )
    .option("--observer <kind>", "minmax or percentile", "minmax")
    .option("--batch <n>", "Images in a calibration batch", "32")
    .option("--limit <n>", "Images or texts to use at most", "1024")
    .option(
      "--params <file>",
      "Parameters of a language model, gzipped as .json.gz: written with --calibration, read without",
    )
    .option(
      "--method <name>",
      "Of a language model: closed-form (searched smoothing, a rotation, GPTQ for 4 bits; w4a8: GPTQ " +
        "alone, behind a little smoothing), or the baselines smoothquant-edge, rtn",
      "closed-form",
    )
    .option("--prefix <ids>", "Ids before all texts of a language model (default: its BOS token)")
    .option("--windows <n>", "Windows of text to calibrate a language model on", "32")
    .option("--length <n>", "Tokens of a window", "512")
    .option("--check <n>", "Windows on which to compare a language model with float32", "4")
    .option(
      "--down <bits>",
      "Bits of what the last layer of an MLP reads in a language model, 8 or 12 (default: 12 with w8a8, else 8: there " +
        "they cost a second product)",
    )
    .option(
      "--sites <set>",
      "Values of a language model that are on grids: default, or paper: MobileQuant's, 8 bits also before the " +
        "rotation, of gate, sigmoid, SiLU and up (default: default)",
    )
    .option("--rotate <when>", "auto, yes or no: rotate a language model's residual", "auto")
    .option(
      "--workers <n>",
      "Threads that calibrate a language model and learn, to the same bits (default: 2 where there are as many cores)",
    )
    .option(
      "--stages <list>",
      "Of a language model: closed-form, and end-to-end, which learns scales, biases and gains by KL " +
        "(default: closed-form,end-to-end; of a baseline closed-form)",
    )
    .option("--lora <folder>", "Adapters of PEFT, merged into a language model's weights before")
    .option("--budget <time>", "Most that learning may take (90s, 30m, 2h)", "30m")
    .option("--tokenizer <file>", "Vocabulary of a .bin of llama2.c")
    .option("--json", "One JSON object that says what was written, and what was measured")
    .addHelpText(
      "after",
      examples(
        "fewbit quantize deit-tiny --images photos -o deit.fewbit",
        "fewbit quantize encoder --calibration lines.txt -o encoder.fewbit --json",
        "fewbit quantize llama.bin --bits w4a8g32 --calibration text.txt -o llama.fewbit",
      ),
    )
    .action(async (model, options) => {
      const limit = count("limit", options.limit);
      const nonlinear = choice("nonlinear", options.nonlinear, ["table", "shift"] as const);
      const { calibration, params } = options;
      const readsParams = params !== undefined && calibration === undefined;
      const outputs: readonly Output[] = [
        [options.output],
        ...params === undefined || readsParams ? [] : [[params, "--params"] as const],
      ];
      const { images: pictures, adapters, lora, tokenizer } = options;
      const beside = tokenizer === undefined ? await vocabulariesBeside(model) : [];
      const given = [model, ...beside, pictures, calibration, adapters, lora, tokenizer];
      const inputs = [...given, ...readsParams ? [params] : []].filter((path) =>
        path !== undefined
      );
      await checkOutputs(outputs, inputs);
      if (await isLanguageModel(model)) {
        refuseUnfit(command, UNFIT.language, "a language model");
        refuseVocabulary(command, model);
        if (readsParams) refuseUnfit(command, OF_CALIBRATION, "--params");
        const method = choice("method", options.method, METHODS);
        const sites = options.sites === undefined
          ? undefined
          : choice("sites", options.sites, ["default", "paper"] as const);
        const rotate = choice("rotate", options.rotate, ["auto", "yes", "no"] as const);
        if (rotate === "yes" && method === "smoothquant-edge") {
          throw new FewbitError(
            "invalid_argument",
            "Option --rotate yes does not go with --method smoothquant-edge, whose divisors are those of the network as it is",
          );
        }
        const stages = stagesOf(options.stages, { method, sites: sites ?? "default" });
        if (!stages.includes("end-to-end")) {
          const cause = sites === "paper" ? "--sites paper" : `--method ${method}`;
          const why = options.stages === undefined ? `, the default of ${cause}` : "";
          refuseUnfit(command, ["budget"], `--stages ${stages}${why}`);
        }
        return await quantizeTextFile({
          model,
          output: options.output,
          bits: choice("bits", options.bits, LANGUAGE_BITS),
          method,
          calibration: options.calibration,
          params: options.params,
          prefix: options.prefix,
          windows: count("windows", options.windows, 4096),
          length: count("length", options.length, 65_536),
          check: count("check", options.check, 4096),
          down: options.down,
          rotate,
          vocabulary: options.tokenizer,
          stages,
          ...sites !== undefined && { sites },
          ...options.lora !== undefined && { lora: options.lora },
          budgetMs: budgetOf(options.budget),
          workers: options.workers === undefined
            ? defaultWorkers()
            : count("workers", options.workers, 64),
          json: options.json ?? false,
          signal,
        });
      }
      const bits = choice("bits", options.bits, ["w8a8", "w7a8"] as const);
      if (await isEncoderFolder(model)) {
        const { output, calibration, images } = options;
        if (images !== undefined) {
          throw new FewbitError(
            "invalid_argument",
            "Cannot quantise a sentence encoder on --images: give texts with --calibration",
          );
        }
        refuseUnfit(command, UNFIT.encoder, "a sentence encoder");
        const quantization = {
          weightBits: bits === "w7a8" ? 7 : 8,
          geluBits: choice("gelu", options.gelu, ["12", "8"]) === "8" ? 8 : 12,
          tableBits: choice("table", options.table, ["8", "4"]) === "4" ? 4 : 8,
        } as const;
        return await quantizeEncoderFile({
          folder: model,
          output,
          quantization,
          calibration,
          limit,
          json: options.json ?? false,
          signal,
        });
      }
      const { folder, images } = await isSafetensorsFile(model)
        ? await trainedAndImages(model, { ...options, limit, signal })
        : await folderAndImages(model, { ...options, limit });
      refuseUnfit(command, UNFIT.pictures, "a network of pictures");
      const batchSize = count("batch", options.batch, 4096);
      const observer = choice("observer", options.observer, ["minmax", "percentile"] as const);
      const progress = progressLine();
      const start = performance.now();
      const { program } = await quantizeVision(folder, images.pixels(preprocessingOf(folder)), {
        nonlinear,
        bits,
        observer,
        batchSize,
        signal,
        onProgress: (done) => progress.update(`calibrating: ${done} of ${images.count} images`),
        onWarning: (message) => note(`fewbit: ${message}`),
      }).finally(() => progress.end());
      const bytes = await encodeProgram(program);
      await writeWhole(options.output, bytes, signal);
      const seconds = (performance.now() - start) / 1000;
      if (options.json) {
        const facts = { output: options.output, bytes: bytes.length, bits, nonlinear, seconds };
        return printJson({ ...facts, images: images.count });
      }
      print(
        `${options.output}: ${formatBytes(bytes.length)}, ${bits}, ${nonlinear}, ` +
          `calibrated on ${images.count} images in ${seconds.toFixed(1)} s`,
      );
    });
}

/** What is quantised, and what it is calibrated on. */
interface VisionSource {
  readonly folder: CheckpointFolder;
  readonly images: ImageList;
}

/** What was given to calibrate on. */
interface Calibration {
  readonly adapters?: string | undefined;
  readonly images?: string | undefined;
  readonly calibration?: string | undefined;
  readonly limit: number;
}

async function folderAndImages(
  model: string,
  { adapters, images, calibration, limit }: Calibration,
): Promise<VisionSource> {
  if (adapters !== undefined) {
    throw new FewbitError(
      "invalid_argument",
      "Option --adapters goes with a checkpoint that fewbit train wrote; of a language model, --lora",
    );
  }
  if (!await isFolder(model)) {
    throw new FewbitError("not_found", `Cannot quantise ${model}: there is no such folder`);
  }
  if (images === undefined || calibration !== undefined) {
    const config = await readJson(`${model}/config.json`);
    throw new FewbitError(
      "invalid_argument",
      `Cannot quantise ${model}: it is no sentence encoder; ` +
        (config === undefined ? "it has no config.json" : checkpointKind(config)),
    );
  }
  return { folder: await readCheckpointFolder(model), images: await openImages(images, limit) };
}

async function trainedAndImages(
  model: string,
  { adapters, images, calibration, limit, signal }: Calibration & { readonly signal: AbortSignal },
): Promise<VisionSource> {
  const bytes = await readTrained(model, adapters, signal);
  const folder = await named(model, () => trainedVision(bytes));
  if (calibration !== undefined) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot quantise ${model} on --calibration: it classifies pictures; give --images`,
    );
  }
  if (images !== undefined) return { folder, images: await openImages(images, limit) };
  if (folder.labels.join() !== SAMPLE_LABELS.join()) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot quantise ${model}: give --images, pictures like those it was trained with`,
    );
  }
  return { folder, images: await openSample(limit) };
}

/** Whether a checkpoint is one of a language model that has integers. */
async function isLanguageModel(path: string): Promise<boolean> {
  if (isTextCheckpointFile(path)) return true;
  return await isFolder(path) && isLlama(await readJson(`${path}/config.json`) ?? {});
}
