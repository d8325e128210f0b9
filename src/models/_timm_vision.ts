/** timm's config.json. */
import { FewbitError } from "../errors.ts";
import { activationName, GELU } from "./activation_names.ts";
import {
  badField,
  count,
  flag,
  given,
  isJson,
  positive,
  sides,
  square,
  stages,
  unsupportedField,
} from "./_config_fields.ts";
import type { Json } from "./_config_fields.ts";
import { TIMM_ARCHITECTURES } from "./_timm_architectures.ts";
import type { DeiTConfig, SwinConfig, VisionConfig } from "./vision_config.ts";

/** Arguments that do not change what a trained model computes, of either class. */
const HARMLESS = [
  "attn_drop_rate",
  "device",
  "drop_path_rate",
  "drop_rate",
  "dtype",
  "dynamic_img_size",
  "fix_init",
  "patch_drop_rate",
  "pos_drop_rate",
  "proj_drop_rate",
  "strict_img_size",
  "weight_init",
];

/** Arguments that are read, by class; the Distilled class has those of its parent. */
const READ: Readonly<Record<"vit" | "swin", readonly string[]>> = {
  vit: [
    ...["img_size", "patch_size", "in_chans", "num_classes", "global_pool", "embed_dim", "depth"],
    ...["num_heads", "mlp_ratio", "qkv_bias", "proj_bias", "init_values", "class_token"],
    ...["pos_embed", "no_embed_class", "reg_tokens", "pre_norm", "fc_norm", "pool_include_prefix"],
    ...["norm_layer", "act_layer"],
  ],
  swin: [
    ...["img_size", "patch_size", "in_chans", "num_classes", "global_pool", "embed_dim", "depths"],
    ...["num_heads", "head_dim", "window_size", "mlp_ratio", "qkv_bias", "norm_layer"],
  ],
};

/** Arguments with one value that is done; others are refused. */
const FIXED: Readonly<Record<"vit" | "swin", Readonly<Record<string, readonly unknown[]>>>> = {
  vit: {
    qk_norm: [false],
    scale_attn_norm: [false],
    scale_mlp_norm: [false],
    final_norm: [true],
    dynamic_img_pad: [false],
    embed_layer: ["PatchEmbed"],
    embed_norm_layer: [],
    block_fn: ["Block"],
    mlp_layer: ["Mlp"],
    attn_layer: ["Attention", ""],
  },
  swin: { always_partition: [false], embed_layer: ["PatchEmbed"] },
};

/**
 * Reads a config.json of timm: the arguments of its architecture, those of `pretrained_cfg` where it says
 * none, and `model_args` over both, as timm's factory has it. `model_args` is a closed set.
 */
export function timmVision(name: string, config: Json): VisionConfig {
  const own = TIMM_ARCHITECTURES[name];
  const kind = own.class === "SwinTransformer" ? "swin" : "vit";
  const modelArgs = config.model_args ?? {};
  if (!isJson(modelArgs)) throw badField("model_args", modelArgs);
  const { class: _, default_img_size: size, ...architecture } = own;
  const args: Json = {
    ...ofPretrainedConfig(config, size),
    ...architecture,
    ...Object.fromEntries(Object.entries(modelArgs).filter(([, value]) => value !== null)),
  };
  checkClosed(kind, args);
  const pooling = given(config, ["global_pool"]);
  const expected = args.global_pool ?? (kind === "swin" ? "avg" : "token");
  if (pooling !== undefined && pooling !== expected) {
    throw badField(`global_pool, of a model whose model_args say ${expected},`, pooling);
  }
  return kind === "swin" ? swin(args) : vit(args, own.class === "VisionTransformerDistilled");
}

/** What timm takes from the description of the pretrained weights, or from the fields at the top. */
function ofPretrainedConfig(config: Json, defaultSize: unknown): Json {
  const pretrained = isJson(config.pretrained_cfg) ? config.pretrained_cfg : config;
  const input = given(pretrained, ["input_size"]);
  if (input !== undefined && !(Array.isArray(input) && input.length === 3)) {
    throw badField("input_size", input);
  }
  const classes = given(config, ["num_classes"]) ?? given(pretrained, ["num_classes"]);
  const pooling = isJson(config.pretrained_cfg) ? given(pretrained, ["global_pool"]) : undefined;
  return {
    img_size: input?.slice(1) ?? given(config, ["img_size", "image_size"]) ?? defaultSize,
    ...input && { in_chans: input[0] },
    ...classes !== undefined && { num_classes: classes },
    ...pooling !== undefined && { global_pool: pooling },
  };
}

function checkClosed(kind: "vit" | "swin", args: Json): void {
  for (const [name, value] of Object.entries(args)) {
    if (HARMLESS.includes(name) || READ[kind].includes(name)) continue;
    const allowed = Object.hasOwn(FIXED[kind], name) ? FIXED[kind][name] : undefined;
    if (allowed?.includes(value)) continue;
    throw unsupportedField(
      `model_args.${name}`,
      value,
      allowed === undefined
        ? "no model of fewbit has this argument"
        : `supported is ${allowed.length === 0 ? "none" : JSON.stringify(allowed[0])}`,
    );
  }
}

function vit(args: Json, distilled: boolean): DeiTConfig {
  const width = count(args, ["embed_dim"], 768);
  const heads = count(args, ["num_heads"], 12);
  if (width % heads !== 0) {
    throw new FewbitError("invalid_file", `Config: ${heads} heads do not divide ${width} channels`);
  }
  const classToken = flag(args, "class_token", true);
  const registers = args.reg_tokens === undefined || args.reg_tokens === 0
    ? 0
    : count(args, ["reg_tokens"]);
  const global = args.global_pool ?? "token";
  if (global !== "token" && global !== "avg") {
    throw unsupportedField("global_pool", global, `supported are "token" and "avg"`);
  }
  if (global === "token" && !classToken) throw badField("class_token, with token pooling,", false);
  if (distilled && (global !== "token" || registers > 0 || !classToken)) {
    throw badField("model_args of a distilled model", args);
  }
  if (distilled && (args.fc_norm ?? false) !== false) {
    // timm has such a model, and applies no norm at all.
    throw unsupportedField("model_args.fc_norm", args.fc_norm, "a distilled model has none");
  }
  const positions = args.pos_embed ?? "learn";
  if (!["learn", "none", ""].includes(positions as string)) throw badField("pos_embed", positions);
  const { epsilon } = norm(args.norm_layer, 1e-6);
  return {
    family: "deit",
    imageSize: sides(args, ["img_size"], 224),
    patchSize: square(args, ["patch_size"], 16),
    channels: count(args, ["in_chans"], 3),
    classes: classCount(args),
    epsilon,
    activation: args.act_layer === undefined
      ? GELU
      : activationName("timm", "model_args.act_layer", args.act_layer),
    qkvBias: flag(args, "qkv_bias", true),
    width,
    depth: count(args, ["depth"], 12),
    heads,
    headWidth: width / heads,
    hidden: Math.trunc(width * positive(args, ["mlp_ratio"], 4)),
    projectionBias: flag(args, "proj_bias", true),
    prefix: [
      ...classToken ? [["cls_token", 1] as const] : [],
      ...distilled ? [["dist_token", 1] as const] : [],
      ...registers > 0 ? [["reg_token", registers] as const] : [],
    ],
    // The distilled class makes its table anew, with rows for both tokens.
    positions: positions !== "learn" && !distilled
      ? "none"
      : flag(args, "no_embed_class", false)
      ? "patches"
      : "all",
    preNorm: flag(args, "pre_norm", false),
    layerScale: hasLayerScale(args.init_values),
    lastNorm: flag(args, "fc_norm", global === "avg") ? "fc_norm" : "norm",
    pooling: distilled
      ? "two heads"
      : global === "token"
      ? "token"
      : flag(args, "pool_include_prefix", false)
      ? "all"
      : "patches",
  };
}

/** `if init_values` in timm: 0 is none. */
function hasLayerScale(value: unknown): boolean {
  if (value === undefined || value === 0) return false;
  if (typeof value === "number") return true;
  throw badField("model_args.init_values", value);
}

function swin(args: Json): SwinConfig {
  const depths = stages("depths", args.depths ?? [2, 2, 6, 2], undefined);
  const number = depths.length;
  const heads = stages("num_heads", args.num_heads ?? [3, 6, 12, 24], number);
  const first = args.embed_dim ?? 96;
  const widths = Array.isArray(first)
    ? stages("embed_dim", first, number)
    : depths.map((_, i) => count(args, ["embed_dim"], 96) * 2 ** i);
  const headWidths = args.head_dim === undefined
    ? widths.map((width, i) => Math.floor(width / heads[i]))
    : stages("head_dim", args.head_dim, number);
  const window = args.window_size ?? 7;
  // Two numbers are height and width of all windows, whatever the number of stages.
  const windows = Array.isArray(window) && window.length === 2 && !window.some(Array.isArray)
    ? Array<number>(number).fill(square(args, ["window_size"], 7))
    : stages("window_size", Array.isArray(window) ? window.map(side) : window, number);
  const ratios = stages("mlp_ratio", args.mlp_ratio ?? 4, number, false);
  if ((args.global_pool ?? "avg") !== "avg") {
    throw unsupportedField("global_pool", args.global_pool, `supported is "avg"`);
  }
  const { epsilon } = norm(args.norm_layer, 1e-5);
  return {
    family: "swin",
    imageSize: sides(args, ["img_size"], 224),
    patchSize: square(args, ["patch_size"], 4),
    channels: count(args, ["in_chans"], 3),
    classes: classCount(args),
    epsilon,
    activation: GELU,
    qkvBias: flag(args, "qkv_bias", true),
    widths,
    depths,
    heads,
    headWidths,
    windows,
    hiddens: widths.map((width, i) => Math.trunc(width * ratios[i])),
    positions: false,
    mergeEpsilon: epsilon,
  };
}

/** The side of a window that is given as height and width. */
function side(window: unknown): number {
  return square({ window_size: window }, ["window_size"], 7);
}

function classCount(args: Json): number {
  const classes = args.num_classes ?? 1000;
  if (classes === 0) {
    throw new FewbitError("unsupported", "Config: num_classes is 0: the model has no classifier");
  }
  return count(args, ["num_classes"], 1000);
}

/** `layernorm` by name is timm's own (1e-6), `layernorm 1e-05` one of an architecture. */
function norm(value: unknown, epsilon: number): { readonly epsilon: number } {
  if (value === undefined) return { epsilon };
  const match = typeof value === "string" ? /^layernorm(?: (\S+))?$/.exec(value) : null;
  if (match === null) throw unsupportedField("norm_layer", value, `supported is "layernorm"`);
  return { epsilon: match[1] === undefined ? 1e-6 : Number(match[1]) };
}
