/** `fewbit quantize`. */
import { defineCommand } from "./_command.ts";
import { encodeProgram } from "../program/encode.ts";
import { FewbitError } from "../errors.ts";
import { checkOutput } from "../files/check_output.ts";
import { checkpointKind } from "../models/model_kind.ts";
import { readCheckpointFolder, readJson } from "../pipelines/checkpoint_folder.ts";
import { isEncoderFolder } from "../pipelines/encoder_folder.ts";
import { preprocessingOf, quantizeVision } from "../pipelines/vision_compile.ts";
import { openImages } from "./_images.ts";
import { formatBytes } from "../format_bytes.ts";
import { quantizeEncoderFile } from "./_quantize_encoder.ts";
import { note, print } from "./_print.ts";
import { choice, count, progressLine, writeWhole } from "./_run.ts";

export default defineCommand({
  description: "Turn a float DeiT, ViT, Swin or sentence encoder into integers",
  arguments: {
    model: {
      type: "positional",
      description: "Folder with config.json and model.safetensors (timm, Hugging Face, or " +
        "sentence-transformers)",
      required: true,
    },
    images: {
      type: "string",
      description: "Images to calibrate on: an IDX file (may be gzipped) or a folder",
    },
    calibration: {
      type: "string",
      description: "Texts to calibrate a sentence encoder on: a file with a text in each line " +
        "(default: the scales that ship for all-MiniLM-L6-v2)",
    },
    output: { type: "string", alias: "o", default: "model.fewbit", description: "File to write" },
    nonlinear: {
      type: "string",
      default: "table",
      description: "table: exact softmax and GELU; shift: I-ViT's approximations",
    },
    bits: { type: "string", default: "w8a8", description: "w8a8, or w7a8: 7-bit weights, faster" },
    gelu: {
      type: "string",
      default: "12",
      description:
        "Bits around GELU in a sentence encoder; 8 is less precise, faster with w7a8 only, and " +
        "needs --calibration",
    },
    table: {
      type: "string",
      default: "8",
      description: "Bits of the token table of a sentence encoder; 4 makes a smaller file",
    },
    observer: { type: "string", default: "minmax", description: "minmax or percentile" },
    batch: { type: "string", default: "32", description: "Images in a calibration batch" },
    limit: { type: "string", default: "1024", description: "Images or texts to use at most" },
  },
  run: async (args, signal) => {
    const limit = count("limit", args.limit);
    const nonlinear = choice("nonlinear", args.nonlinear, ["table", "shift"] as const);
    const inputs = [args.model, args.images, args.calibration];
    await checkOutput(args.output, inputs.filter((input) => input !== undefined));
    const bits = choice("bits", args.bits, ["w8a8", "w7a8"] as const);
    if (await isEncoderFolder(args.model)) {
      const { model: folder, output, calibration, images } = args;
      if (images !== undefined) {
        throw new FewbitError(
          "invalid_argument",
          "Cannot quantise a sentence encoder on --images: give texts with --calibration",
        );
      }
      const quantization = {
        weightBits: bits === "w7a8" ? 7 : 8,
        geluBits: choice("gelu", args.gelu, ["12", "8"]) === "8" ? 8 : 12,
        tableBits: choice("table", args.table, ["8", "4"]) === "4" ? 4 : 8,
      } as const;
      return await quantizeEncoderFile({
        folder,
        output,
        quantization,
        calibration,
        limit,
        signal,
      });
    }
    if (args.images === undefined || args.calibration !== undefined) {
      const config = await readJson(`${args.model}/config.json`);
      throw new FewbitError(
        "invalid_argument",
        `Cannot quantise ${args.model}: it is no sentence encoder; ` +
          (config === undefined ? "give --images, no texts" : checkpointKind(config)),
      );
    }
    const batchSize = count("batch", args.batch, 4096);
    const observer = choice("observer", args.observer, ["minmax", "percentile"] as const);
    const folder = await readCheckpointFolder(args.model);
    const images = await openImages(args.images, limit);
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
    await writeWhole(args.output, bytes, signal);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    print(
      `${args.output}: ${formatBytes(bytes.length)}, ${bits}, ${nonlinear}, ` +
        `calibrated on ${images.count} images in ${seconds} s`,
    );
  },
});
