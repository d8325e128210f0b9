/** `fewbit convert`. */
import type { Command } from "./_commander.ts";
import { FewbitError } from "../errors.ts";
import { encodeProgram } from "../program/encode.ts";
import type { CompiledProgram } from "../program/program.ts";
import { vocabulariesBeside } from "../checkpoints/llama2c_vocabularies.ts";
import { checkOutput } from "../files/check_output.ts";
import { isFolder, readFile } from "../files/read_file.ts";
import { readJson, readWeightsFile } from "../checkpoints/checkpoint_folder.ts";
import { isTextCheckpointFile, openTextCheckpoint } from "../checkpoints/text_checkpoint.ts";
import type { TextCheckpointOptions } from "../checkpoints/text_checkpoint.ts";
import { compileTextModel } from "../compile/text.ts";
import { convertVision } from "../compile/vision.ts";
import { formatBytes } from "../format_bytes.ts";
import { isLanguageCheckpoint } from "../training/language_checkpoint.ts";
import { byteCount } from "./_bytes.ts";
import { readModel } from "./_model.ts";
import { print, printJson } from "./_print.ts";
import { examples } from "./_program.ts";
import { count, progressLine, writeWhole } from "./_run.ts";
import { refuseUnfit, refuseVocabulary } from "./_unfit_options.ts";
import { writeParts } from "./_write_parts.ts";

const OF_PICTURES = ["config", "heads", "imageSize"];

/** What parts may be. */
const PARTS = { least: 1024, expected: "1 kB at least, such as 20MB or 25MiB" };

/** What `fewbit convert` takes and does. */
export default function convertCommand(command: Command, signal: AbortSignal): void {
  command
    .argument(
      "<checkpoint>",
      "A language model: the folder of an HGRNBitForCausalLM, LlamaForCausalLM or BitNetForCausalLM, " +
        "a Llama or BitNet as .gguf, llama2.c's .bin; I-ViT's .safetensors, .pth or .pth.tar; a .fewbit to cut into parts",
    )
    .option("-o, --output <file>", "File to write", "model.fewbit")
    .option(
      "--part-size <bytes>",
      "Write parts of this size (20MB, 25MiB) and their index, for hosts that limit the size of files",
    )
    .option(
      "--tokenizer <file>",
      "Vocabulary of a .bin of llama2.c (default: tok512.bin, by its size, or tokenizer.bin beside it)",
    )
    .option("--config <file>", "config.json (default: read off the tensors' shapes)")
    .option("--heads <n>", "Attention heads of a DeiT (default: channels / 64)")
    .option("--image-size <pixels>", "Pixels of a side of a Swin's image (default: 224)")
    .option("--json", "One JSON object that says what was written")
    .addHelpText(
      "after",
      examples(
        "fewbit convert mmfree-370m -o mmfree.fewbit",
        "fewbit convert stories260K.bin --tokenizer tok512.bin -o stories.fewbit",
        "fewbit convert deit.pth --heads 2 -o deit.fewbit --json",
        "fewbit convert stories.fewbit --part-size 100kB -o stories.fewbit --json",
      ),
    )
    .action(async (checkpoint, options) => {
      const { output, config, tokenizer: vocabulary } = options;
      const beside = vocabulary === undefined ? await vocabulariesBeside(checkpoint) : [];
      const given = [checkpoint, ...beside, config, vocabulary];
      const inputs = given.filter((input) => input !== undefined);
      await refuseOthers(command, checkpoint);
      const size = options.partSize === undefined
        ? undefined
        : byteCount("part-size", options.partSize, PARTS);
      await checkOutput(size === undefined ? output : `${output}.parts.json`, inputs);
      const bytes = await convert(checkpoint, options, signal);
      signal.throwIfAborted();
      if (size !== undefined) {
        const { path, index } = await writeParts(output, bytes, size, signal);
        const { length: parts } = index.parts;
        if (options.json) printJson({ output: path, bytes: bytes.length, parts });
        else print(`${path}: ${parts} parts, ${formatBytes(bytes.length)}`);
        return;
      }
      await writeWhole(output, bytes, signal);
      if (options.json) printJson({ output, bytes: bytes.length });
      else print(`${output}: ${formatBytes(bytes.length)}`);
    });
}

/** What a checkpoint can be read with. */
interface ConvertOptions {
  readonly tokenizer?: string;
  readonly config?: string;
  readonly heads?: string;
  readonly imageSize?: string;
}

async function convert(
  checkpoint: string,
  options: ConvertOptions,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { tokenizer: vocabulary } = options;
  if (checkpoint.endsWith(".fewbit")) return await readModel(checkpoint, signal);
  const program = await isText(checkpoint)
    ? await convertText(checkpoint, vocabulary === undefined ? {} : { vocabulary }, signal)
    : await convertImages(checkpoint, options);
  return await encodeProgram(program);
}

async function isText(checkpoint: string): Promise<boolean> {
  return isTextCheckpointFile(checkpoint) || await isFolder(checkpoint);
}

/** Refuses options that are for checkpoints of another kind. */
async function refuseOthers(command: Command, checkpoint: string): Promise<void> {
  if (checkpoint.endsWith(".fewbit")) {
    refuseUnfit(command, ["tokenizer", ...OF_PICTURES], "a .fewbit");
  } else if (await isText(checkpoint)) {
    refuseUnfit(command, OF_PICTURES, "a language model");
    refuseVocabulary(command, checkpoint);
  } else refuseUnfit(command, ["tokenizer"], "a checkpoint of I-ViT");
}

async function convertText(
  checkpoint: string,
  options: TextCheckpointOptions,
  signal: AbortSignal,
): Promise<CompiledProgram> {
  const { weights, ...files } = await openTextCheckpoint(checkpoint, options);
  const progress = progressLine();
  const { program } = await compileTextModel(weights, files, {
    signal,
    onProgress: (done, total) => progress.update(`ternary weights: ${done} of ${total} tensors`),
  }).finally(() => progress.end());
  return program;
}

async function convertImages(
  checkpoint: string,
  options: ConvertOptions,
): Promise<CompiledProgram> {
  const { heads, imageSize } = options;
  const config = options.config === undefined ? {} : await readConfig(options.config);
  if (heads !== undefined) config.num_heads = count("heads", heads);
  if (imageSize !== undefined) config.image_size = count("image-size", imageSize);
  const weights = await readWeightsFile(checkpoint);
  if (/\.safetensors$/i.test(checkpoint) && isLanguageCheckpoint(await readFile(checkpoint))) {
    throw new FewbitError(
      "unsupported",
      `Cannot convert ${checkpoint}: "fewbit train" wrote it; "fewbit export" makes a folder of it, which is converted`,
    );
  }
  return convertVision({ config, weights }).program;
}

async function readConfig(path: string): Promise<Record<string, unknown>> {
  const config = await readJson(path);
  if (config !== undefined) return config;
  throw new FewbitError("not_found", `Cannot read ${path}: no such file`);
}
