/** `fewbit convert`. */
import { defineCommand } from "citty";
import { FewbitError } from "../errors.ts";
import { encodeProgram } from "../program/encode.ts";
import { readBytes } from "../pipelines/_sources.ts";
import { readWeightsFile } from "../pipelines/checkpoint_folder.ts";
import { convertVision } from "../pipelines/vision_compile.ts";
import { formatBytes } from "../format_bytes.ts";
import { count, runCommand, writeWhole } from "./_run.ts";

export default defineCommand({
  meta: {
    name: "convert",
    description: "Convert a checkpoint of I-ViT's training with the integers and scales it holds",
  },
  args: {
    checkpoint: {
      type: "positional",
      description: ".safetensors, .pth or .pth.tar (zip and legacy)",
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
  run: ({ args }) =>
    runCommand(async () => {
      const config = args.config === undefined ? {} : await readConfig(args.config);
      if (args.heads !== undefined) config.num_heads = count("heads", args.heads);
      const side = args["image-size"];
      if (side !== undefined) config.image_size = count("image-size", side);
      const weights = await readWeightsFile(args.checkpoint);
      const bytes = await encodeProgram(convertVision({ config, weights }).program);
      await writeWhole(args.output, bytes);
      console.log(`${args.output}: ${formatBytes(bytes.length)}`);
    }),
});

async function readConfig(path: string): Promise<Record<string, unknown>> {
  try {
    return JSON.parse(new TextDecoder().decode(await readBytes(path)));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new FewbitError("invalid_file", `Cannot read ${path}: it is not JSON`, { cause: error });
  }
}
