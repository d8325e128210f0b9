import {
  badField,
  type Config,
  isConfig,
  readChannels,
  readFlag,
  readFraction,
  readPerChannel,
  readSide,
  readSize,
  unsupportedField,
} from "./_config_fields.ts";
import type { Preprocessing, ResizeMode } from "./preprocess.ts";
import type { Interpolation } from "./resize.ts";

/** Pillow's numbers of filters. */
const RESAMPLE: Readonly<Record<number, Interpolation>> = {
  0: "nearest",
  1: "lanczos",
  2: "bilinear",
  3: "bicubic",
};

/** Processors that take a size that is one number as that of the shorter side; all others stretch to a square. */
const SHORTER_SIDE_TYPES = /CLIP|ConvNext|^Bit|MobileNet/i;

/**
 * Processors with steps that their files do not name: other sizes (LeViT, PoolFormer), a second
 * normalising (EfficientNet), channels in another order (MobileViT), settings elsewhere (timm).
 */
const OTHER_TYPES = /LeViT|PoolFormer|EfficientNet|MobileViT|TimmWrapper/i;

const HALF = [0.5];
const SQUARE = { height: 224, width: 224 };

/** What the classes of ViT (Swin has it, too) and DeiT do where a file is silent (transformers 5.24). */
const DEFAULTS: Readonly<Record<string, Config>> = {
  ViT: { resample: 2, image_mean: HALF, image_std: HALF, size: SQUARE },
  DeiT: {
    resample: 3,
    image_mean: HALF,
    image_std: HALF,
    size: { height: 256, width: 256 },
    do_center_crop: true,
    crop_size: SQUARE,
  },
};

const UNSUPPORTED_FLAGS = [
  "do_align_long_axis",
  "do_pad",
  "do_flip_channel_order",
  "rescale_offset",
  "do_thumbnail",
];

/** Follows the image processors of Hugging Face's transformers: resize, cut out the center, rescale, normalise. */
export function huggingFacePreprocessing(config: Config, given: Config): Preprocessing {
  if (OTHER_TYPES.test(processorType(given))) {
    throw unsupportedField("image_processor_type", processorType(given));
  }
  const [, name = ""] =
    /^(ViT|DeiT)(?:ImageProcessor(?:Fast|Pil)?|FeatureExtractor)$/.exec(processorType(given)) ?? [];
  const silent = Object.entries(DEFAULTS[name] ?? {}).filter(([key]) => given[key] === undefined);
  const processor: Config = { ...given, ...Object.fromEntries(silent) };
  for (const name of UNSUPPORTED_FLAGS) {
    if (readFlag(processor, name, false)) throw unsupportedField(name, true);
  }
  const hasCrop = readFlag(processor, "do_center_crop", processor.crop_size != null);
  const resize = readFlag(processor, "do_resize", true)
    ? resizeMode(config, processor, hasCrop)
    : { mode: "none" } as const;
  const [height, width] = inputSize(config, processor, hasCrop, resize);
  const means = processor.image_mean;
  const channels = readChannels(
    "num_channels",
    config.num_channels ?? (Array.isArray(means) && means.length === 1 ? 1 : 3),
  );
  return {
    inputSize: [channels, height, width],
    ...normalization(processor, channels),
    interpolation: resample(processor),
    resize,
    centerCrop: hasCrop || resize.mode === "shorter_side",
  };
}

function processorType(processor: Config): string {
  const type = processor.image_processor_type ?? processor.feature_extractor_type;
  return typeof type === "string" ? type : "";
}

function resizeMode(config: Config, processor: Config, hasCrop: boolean): ResizeMode {
  const size = processor.size ?? config.image_size ?? 224;
  if (
    isConfig(size) ? !("shortest_edge" in size) : !SHORTER_SIDE_TYPES.test(processorType(processor))
  ) {
    const [height, width] = readSize("size", size);
    return { mode: "stretch", height, width };
  }
  if (isConfig(size) && "longest_edge" in size) throw unsupportedField("size", size);
  const shorter = readSide("size", isConfig(size) ? size.shortest_edge : size);
  if (hasCrop) return { mode: "shorter_side", size: shorter };
  // ConvNext cuts out the center of a larger image without saying so, but not from 384 pixels on.
  if (!/ConvNext/i.test(processorType(processor))) {
    throw unsupportedField("size without a center crop", size);
  }
  if (shorter >= 384) return { mode: "stretch", height: shorter, width: shorter };
  return {
    mode: "shorter_side",
    size: Math.trunc(shorter / readFraction(processor, "crop_pct", 224 / 256)),
  };
}

function inputSize(
  config: Config,
  processor: Config,
  hasCrop: boolean,
  resize: ResizeMode,
): [height: number, width: number] {
  if (hasCrop) return readSize("crop_size", processor.crop_size ?? config.image_size ?? 224);
  if (resize.mode === "stretch") return [resize.height, resize.width];
  if (resize.mode === "none") return readSize("image_size", config.image_size ?? processor.size);
  const { size } = processor;
  return readSize("size", isConfig(size) ? size.shortest_edge : size ?? config.image_size ?? 224);
}

function resample(processor: Config): Interpolation {
  const number = processor.resample ?? 3;
  if (typeof number !== "number") throw badField("resample", "a number", number);
  const filter = RESAMPLE[number];
  if (!filter) throw unsupportedField("resample", number);
  return filter;
}

/**
 * (pixel * factor - mean) / std, written as (pixel / 255 - mean') / std'. With the factor 1 / 255, which is nearly
 * always the one, the numbers stay as they are.
 */
function normalization(processor: Config, channels: number): { mean: number[]; std: number[] } {
  const factor = readFlag(processor, "do_rescale", true)
    ? readFraction(processor, "rescale_factor", 1 / 255)
    : 1;
  const isNormalized = readFlag(processor, "do_normalize", true);
  const mean = isNormalized
    ? readPerChannel(processor, "image_mean", "mean", channels)
    : Array(channels).fill(0);
  const std = isNormalized
    ? readPerChannel(processor, "image_std", "std", channels)
    : Array(channels).fill(1);
  const white = factor * 255;
  if (Math.abs(white - 1) < 1e-6) return { mean, std };
  return { mean: mean.map((value) => value / white), std: std.map((value) => value / white) };
}
