/** Hugging Face's config.json of a ViT, DeiT or Swin; timm's names of the same fields are taken as well. */
import { FewbitError } from "../errors.ts";
import { activationName } from "./activation_names.ts";
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
  textOf,
  unsupportedField,
} from "./_config_fields.ts";
import type { Json } from "./_config_fields.ts";
import { refuseForeign } from "./_huggingface_common.ts";
import { checkpointKind } from "./model_kind.ts";
import type { CommonConfig, DeiTConfig, SwinConfig, VisionConfig } from "./vision_config.ts";

/** Reads the sizes; what is missing is what the library's classes have (transformers 5.24). */
export function huggingFaceVision(config: Json): VisionConfig {
  const type = textOf(config.model_type ?? config.architecture);
  if (/^swin(_|$)/i.test(type)) return swin(config);
  if (/^(vit|deit)(_|$)/i.test(type)) return vit(config, /^deit/i.test(type));
  throw new FewbitError(
    "unsupported",
    `Model family "${type}" is not supported: deit, vit or swin; ${checkpointKind(config)}`,
  );
}

/** Settings that both families have. */
function common(
  config: Json,
  patch: number,
): Omit<CommonConfig, "epsilon"> {
  refuseForeign(config);
  const problem = config.problem_type ?? "single_label_classification";
  if (problem !== "single_label_classification") {
    throw unsupportedField("problem_type", problem, "scores are the softmax of all classes");
  }
  return {
    imageSize: sides(config, ["image_size", "img_size"], 224),
    patchSize: square(config, ["patch_size"], patch),
    channels: count(config, ["num_channels", "in_chans"], 3),
    classes: classCount(config),
    activation: activationName("huggingFace", "hidden_act", config.hidden_act ?? "gelu"),
    qkvBias: flag(config, "qkv_bias", true),
  };
}

function vit(config: Json, isDeiT: boolean): DeiTConfig {
  const width = count(config, ["hidden_size", "embed_dim"], 768);
  const heads = count(config, ["num_attention_heads", "num_heads"], 12);
  const headWidth = given(config, ["head_dim"]);
  if (headWidth === undefined && width % heads !== 0) {
    throw new FewbitError("invalid_file", `Config: ${heads} heads do not divide ${width} channels`);
  }
  const ratio = given(config, ["mlp_ratio"]) === undefined
    ? undefined
    : positive(config, ["mlp_ratio"], undefined);
  const hidden = ratio === undefined ? 3072 : Math.trunc(width * ratio);
  // Hugging Face's DeiT always has a distillation token, and reads it with two heads.
  const distilled = isDeiT && config.model_type !== undefined && config.architecture === undefined;
  const twoHeads = textOf(config.architectures).includes("WithTeacher");
  return {
    ...common(config, 16),
    family: "deit",
    epsilon: positive(config, ["layer_norm_eps"], config.model_type === undefined ? 1e-6 : 1e-12),
    width,
    depth: count(config, ["num_hidden_layers", "depth"], 12),
    heads,
    headWidth: headWidth === undefined ? width / heads : count(config, ["head_dim"]),
    hidden: count(config, ["intermediate_size"], hidden),
    projectionBias: true,
    prefix: distilled ? [["cls_token", 1], ["dist_token", 1]] : [["cls_token", 1]],
    positions: "all",
    preNorm: false,
    layerScale: false,
    lastNorm: "norm",
    pooling: distilled && twoHeads ? "two heads" : "token",
  };
}

function swin(config: Json): SwinConfig {
  const depths = stages("depths", config.depths ?? [2, 2, 6, 2], undefined);
  const heads = stages("num_heads", config.num_heads ?? [3, 6, 12, 24], depths.length);
  const first = count(config, ["embed_dim"], 96);
  const widths = depths.map((_, i) => first * 2 ** i);
  const indivisible = widths.findIndex((width, i) => width % heads[i] !== 0);
  if (indivisible >= 0) throw badField(`num_heads, of ${widths} channels,`, heads);
  const ratio = positive(config, ["mlp_ratio"], 4);
  return {
    ...common(config, 4),
    family: "swin",
    epsilon: positive(config, ["layer_norm_eps"], 1e-5),
    widths,
    depths,
    heads,
    headWidths: widths.map((width, i) => width / heads[i]),
    windows: Array<number>(depths.length).fill(count(config, ["window_size"], 7)),
    hiddens: widths.map((width) => Math.trunc(width * ratio)),
    positions: flag(config, "use_absolute_embeddings", false),
    // The norms of patches and merges do not get the config's.
    mergeEpsilon: 1e-5,
  };
}

/** Labels, where the config names them; Hugging Face leaves out two. */
function classCount(config: Json): number | undefined {
  const labels = config.id2label ?? undefined;
  const named = isJson(labels) ? Object.keys(labels).length : undefined;
  const names = ["num_labels", "num_classes"];
  const said = given(config, names) === undefined ? undefined : count(config, names);
  if (named !== undefined && said !== undefined && named !== said) {
    throw badField(`num_labels, beside ${named} labels in id2label,`, said);
  }
  return said ?? named;
}
