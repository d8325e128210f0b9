/** Sizes of vision transformers, from timm's or Hugging Face's config.json. */
import { FewbitError } from "../errors.ts";

/** A DeiT or ViT. */
export interface DeiTConfig {
  readonly family: "deit";
  readonly imageSize: number;
  readonly patchSize: number;
  readonly channels: number;
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  readonly hidden: number;
  readonly classes: number;
  readonly epsilon: number;
}

/** A Swin. */
export interface SwinConfig {
  readonly family: "swin";
  readonly imageSize: number;
  readonly patchSize: number;
  readonly channels: number;
  /** Channels of the first stage; each stage doubles them. */
  readonly width: number;
  readonly depths: readonly number[];
  readonly heads: readonly number[];
  readonly window: number;
  readonly mlpRatio: number;
  readonly classes: number;
  readonly epsilon: number;
}

/** A config of either family. */
export type VisionConfig = DeiTConfig | SwinConfig;

/** Settings of the named sizes (timm's architecture names without their suffixes). */
const SIZES: Readonly<Record<string, readonly [width: number, depth: number, heads: number]>> = {
  tiny: [192, 12, 3],
  small: [384, 12, 6],
  base: [768, 12, 12],
  large: [1024, 24, 16],
};
const SWIN_SIZES: Readonly<
  Record<string, readonly [width: number, depths: number[], heads: number[]]>
> = {
  tiny: [96, [2, 2, 6, 2], [3, 6, 12, 24]],
  small: [96, [2, 2, 18, 2], [3, 6, 12, 24]],
  base: [128, [2, 2, 18, 2], [4, 8, 16, 32]],
};

/**
 * Reads a config.json.
 *
 * @param config The parsed file.
 * @throws {FewbitError} `unsupported` for another family, `invalid_file` for a missing or bad number.
 */
export function visionConfig(config: Readonly<Record<string, unknown>>): VisionConfig {
  const type = textOf(config.model_type ?? config.architecture);
  const architecture = textOf(config.architecture);
  if (/distilled/.test(architecture + textOf(config.architectures))) {
    throw new FewbitError(
      "unsupported",
      "Distilled models with a distillation token are not supported",
    );
  }
  if (/swin/i.test(type) && !/swinv2|swin2sr/i.test(type)) return swinConfig(config, architecture);
  if (/vit|deit/i.test(type)) return deitConfig(config, architecture);
  throw new FewbitError(
    "unsupported",
    `Model family "${type}" is not supported: deit, vit or swin`,
  );
}

function deitConfig(config: Readonly<Record<string, unknown>>, architecture: string): DeiTConfig {
  const [w, d, h] = sizeOf(SIZES, architecture) ?? [undefined, undefined, undefined];
  const width = positive(config, ["hidden_size", "embed_dim"], w);
  const hidden = positive(
    config,
    ["intermediate_size"],
    width * positive(config, ["mlp_ratio"], 4),
  );
  const heads = positive(config, ["num_attention_heads", "num_heads"], h);
  if (width % heads !== 0) {
    throw new FewbitError("invalid_file", `Config: ${heads} heads do not divide ${width} channels`);
  }
  return {
    family: "deit",
    imageSize: imageSize(config),
    patchSize: positive(config, ["patch_size"], /patch(\d+)/.exec(architecture)?.[1] ?? 16),
    channels: positive(config, ["num_channels", "in_chans"], 3),
    width,
    depth: positive(config, ["num_hidden_layers", "depth"], d),
    heads,
    hidden,
    classes: classCount(config),
    epsilon: positive(config, ["layer_norm_eps"], 1e-6, false),
  };
}

function swinConfig(config: Readonly<Record<string, unknown>>, architecture: string): SwinConfig {
  const [w, d, h] = sizeOf(SWIN_SIZES, architecture) ?? [undefined, undefined, undefined];
  const depths = list(config, "depths", d);
  const heads = list(config, "num_heads", h);
  if (depths.length !== heads.length) {
    throw new FewbitError("invalid_file", `Config: ${depths.length} depths, ${heads.length} heads`);
  }
  return {
    family: "swin",
    imageSize: imageSize(config),
    patchSize: positive(config, ["patch_size"], 4),
    channels: positive(config, ["num_channels", "in_chans"], 3),
    width: positive(config, ["embed_dim"], w),
    depths,
    heads,
    window: positive(config, ["window_size"], 7),
    mlpRatio: positive(config, ["mlp_ratio"], 4),
    classes: classCount(config),
    epsilon: positive(config, ["layer_norm_eps"], 1e-5, false),
  };
}

function sizeOf<T>(sizes: Readonly<Record<string, T>>, architecture: string): T | undefined {
  const name = Object.keys(sizes).find((size) => architecture.includes(`_${size}_`));
  return name === undefined ? undefined : sizes[name];
}

function imageSize(config: Readonly<Record<string, unknown>>): number {
  const nested = config.pretrained_cfg as { input_size?: number[] } | undefined;
  return positive(config, ["image_size", "img_size"], nested?.input_size?.[2] ?? 224);
}

function classCount(config: Readonly<Record<string, unknown>>): number {
  const labels = config.id2label;
  const counted = typeof labels === "object" && labels !== null
    ? Object.keys(labels).length
    : undefined;
  return positive(config, ["num_classes", "num_labels"], counted ?? 1000);
}

/** What a config holds, as text; not `String`, which an object may have redefined. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value) ?? "";
}

function positive(
  config: Readonly<Record<string, unknown>>,
  names: readonly string[],
  fallback: unknown,
  integer = true,
): number {
  const given = names.map((name) => config[name]).find((v) => v !== undefined && v !== null);
  const first = Array.isArray(given) ? given[0] : given ?? fallback;
  const value = typeof first === "object" ? NaN : Number(first);
  if (!(value > 0) || value > 1e9 || (integer && names[0] !== "mlp_ratio" && value % 1 !== 0)) {
    throw new FewbitError("invalid_file", `Config: ${names.join(" or ")} is ${textOf(first)}`);
  }
  return value;
}

function list(
  config: Readonly<Record<string, unknown>>,
  name: string,
  fallback: readonly number[] | undefined,
): number[] {
  const value = config[name] ?? fallback;
  const valid = Array.isArray(value) && value.length > 0 && value.length < 9 &&
    value.every((n) => Number.isInteger(n) && n > 0 && n < 1000);
  if (!valid) throw new FewbitError("invalid_file", `Config: ${name} is ${JSON.stringify(value)}`);
  return value as number[];
}
