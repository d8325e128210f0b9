/** Reads the settings of vision transformers from timm's or Hugging Face's config.json. */
import { FewbitError } from "../errors.ts";
import { textOf } from "./_config_fields.ts";
import type { Json } from "./_config_fields.ts";
import { huggingFaceVision } from "./_huggingface_vision.ts";
import { timmVision } from "./_timm_vision.ts";
import { TIMM_ARCHITECTURES } from "./_timm_architectures.ts";
import type { VisionConfig } from "./vision_config.ts";

/**
 * Reads a config.json: timm's, with the arguments of its model, or Hugging Face's. Every setting that
 * changes results is read, or refused by name.
 *
 * @param config The parsed file.
 * @throws {FewbitError} `unsupported` for another family or a setting that is not done, `invalid_file`
 * for a missing or bad number.
 */
export function visionConfig(config: Json): VisionConfig {
  const { architecture, model_type: type } = config;
  // timm's names may have the tag of their weights behind a dot.
  const name = textOf(architecture).replace(/\..*$/, "");
  if (Object.hasOwn(TIMM_ARCHITECTURES, name)) return timmVision(name, config);
  if (type === undefined && isObjectOfTimm(config)) {
    throw new FewbitError(
      "unsupported",
      `Config: the architecture ${JSON.stringify(architecture)} is not supported; supported are ` +
        `timm's VisionTransformer, VisionTransformerDistilled and SwinTransformer`,
    );
  }
  return huggingFaceVision(config);
}

/** Whether a config says its sizes by the name of an architecture. */
function isObjectOfTimm(config: Json): boolean {
  return typeof config.architecture === "string" &&
    !["hidden_size", "embed_dim", "depths"].some((name) => Object.hasOwn(config, name));
}
