/** `fewbit convert`. */
import { defineCommand } from "./_command.ts";
import { FewbitError } from "../errors.ts";
import { encodeProgram } from "../program/encode.ts";
import type { CompiledProgram } from "../program/program.ts";
import { checkOutput } from "../files/check_output.ts";
import { isFolder } from "../files/read_file.ts";
import { readJson, readWeightsFile } from "../pipelines/checkpoint_folder.ts";
import { openTextCheckpoint } from "../pipelines/text_checkpoint.ts";
import { compileTextModel } from "../pipelines/text_compile.ts";
import { convertVision } from "../pipelines/vision_compile.ts";
import { formatBytes } from "../format_bytes.ts";
import { print } from "./_print.ts";
import { count, progressLine, writeWhole } from "./_run.ts";

export default defineCommand({
  description: "Convert a MatMul-free language model, or a checkpoint of I-ViT's training",
  arguments: {
    checkpoint: {
      type: "positional",
      description: "Folder of an HGRNBitForCausalLM; or I-ViT's .safetensors, .pth or .pth.tar",
      required: true,
    },
    output: { type: "string", alias: "o", default: "model.fewbit", description: "File to write" },
    config: { type: "string", description: "config.json (default: read off the tensors' shapes)" },
    heads: { type: "string", description: "Attention heads of a DeiT (default: channels / 64)" },
    "image-size": {
      type: "string",
      description: "Pixels of a side of a Swin's image (default 224)",
    },
  },
  run: async (args, signal) => {
    const { checkpoint, output, config } = args;
    await checkOutput(output, [checkpoint, ...config === undefined ? [] : [config]]);
    const program = await isFolder(checkpoint)
      ? await convertText(checkpoint, signal)
      : await convertImages(args);
    const bytes = await encodeProgram(program);
    signal.throwIfAborted();
    await writeWhole(output, bytes, signal);
    print(`${output}: ${formatBytes(bytes.length)}`);
  },
});

async function convertText(folder: string, signal: AbortSignal): Promise<CompiledProgram> {
  const { weights, ...files } = await openTextCheckpoint(folder);
  const progress = progressLine();
  const { program } = await compileTextModel(weights, files, {
    signal,
    onProgress: (done, total) => progress.update(`ternary weights: ${done} of ${total} tensors`),
  }).finally(() => progress.end());
  return program;
}

async function convertImages(args: {
  readonly checkpoint: string;
  readonly config: string | undefined;
  readonly heads: string | undefined;
  readonly "image-size": string | undefined;
}): Promise<CompiledProgram> {
  const config = args.config === undefined ? {} : await readConfig(args.config);
  if (args.heads !== undefined) config.num_heads = count("heads", args.heads);
  const side = args["image-size"];
  if (side !== undefined) config.image_size = count("image-size", side);
  const weights = await readWeightsFile(args.checkpoint);
  return convertVision({ config, weights }).program;
}

async function readConfig(path: string): Promise<Record<string, unknown>> {
  const config = await readJson(path);
  if (config !== undefined) return config;
  throw new FewbitError("not_found", `Cannot read ${path}: no such file`);
}
