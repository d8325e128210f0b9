import {
  badField,
  type Config,
  isConfig,
  readChannels,
  readFraction,
  readInterpolation,
  readPerChannel,
  readSize,
  unsupportedField,
} from "./_config_fields.ts";
import type { Preprocessing, ResizeMode } from "./preprocess.ts";

/** Whether a `config.json` has the fields of timm, below `pretrained_cfg` or at the top. */
export function isTimmConfig(config: Config): boolean {
  return isConfig(config.pretrained_cfg) || "input_size" in config || "crop_pct" in config ||
    "architecture" in config && !("image_size" in config);
}

/** Follows timm's `transforms_imagenet_eval`: resize to input / crop_pct, then cut out the center. */
export function timmPreprocessing(config: Config): Preprocessing {
  const fields = isConfig(config.pretrained_cfg) ? config.pretrained_cfg : config;
  const inputSize = fields.input_size ?? [3, 224, 224];
  if (!Array.isArray(inputSize) || inputSize.length !== 3) {
    throw badField("input_size", "[channels, height, width]", inputSize);
  }
  const channels = readChannels("input_size[0]", inputSize[0]);
  const [height, width] = readSize("input_size", inputSize.slice(1));
  return {
    inputSize: [channels, height, width],
    mean: readPerChannel(fields, "mean", "mean", channels),
    std: readPerChannel(fields, "std", "std", channels),
    interpolation: readInterpolation("interpolation", fields.interpolation, "bicubic"),
    resize: resizeMode(fields, height, width),
    centerCrop: true,
  };
}

function resizeMode(fields: Config, height: number, width: number): ResizeMode {
  const cropPct = readFraction(fields, "crop_pct", 0.875);
  const scaledHeight = Math.floor(height / cropPct), scaledWidth = Math.floor(width / cropPct);
  const cropMode = fields.crop_mode ?? "center";
  if (cropMode === "squash") return { mode: "stretch", height: scaledHeight, width: scaledWidth };
  if (cropMode !== "center") throw unsupportedField("crop_mode", cropMode);
  if (scaledHeight !== scaledWidth) {
    throw unsupportedField("crop_mode center with an input_size", [height, width]);
  }
  return { mode: "shorter_side", size: scaledHeight };
}
