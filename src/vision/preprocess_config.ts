import { FewbitError } from "../errors.ts";
import { huggingFacePreprocessing } from "./_huggingface_config.ts";
import { type Config, numbers, perChannel, side, sizePair } from "./_config_fields.ts";
import { checkPreprocessing, type Preprocessing } from "./preprocess.ts";
import { type Interpolation, INTERPOLATIONS } from "./resize.ts";

/** ImageNet's mean and standard deviation, of red, green and blue and of grey. */
const IMAGENET = {
  3: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  1: { mean: [0.449], std: [0.226] },
} as const;

/**
 * Reads how images are prepared from a model's `config.json` and, where there is one, `preprocessor_config.json`:
 *
 * - Hugging Face's `preprocessor_config.json`, if given: `size`, `crop_size`, `resample`, `image_mean`, `rescale_factor`…
 * - timm's `pretrained_cfg`, or its fields at the top: `input_size`, `mean`, `std`, `interpolation`, `crop_pct`, `crop_mode`;
 * - else `image_size`, `num_channels`, `image_mean` and `image_std`: the image is stretched to `image_size`.
 *
 * What is missing is that of ImageNet models: 3 channels, their mean and standard deviation, bicubic, a crop of 0.875.
 *
 * Throws `invalid_argument` for values out of their range, `unsupported` for steps that are not done here.
 *
 * @example
 * ```ts
 * import { preprocessingFromConfig } from "@fewbit/fewbit";
 *
 * const { resize } = preprocessingFromConfig({ architecture: "deit_tiny_patch16_224", input_size: [3, 224, 224] });
 * console.log(resize); // { mode: "shorter_side", size: 256 }
 * ```
 */
export function preprocessingFromConfig(config: Config, preprocessorConfig?: Config): Preprocessing {
  for (const value of [config, preprocessorConfig ?? {}]) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new FewbitError("invalid_argument", "Cannot read preprocessing: expected a config object");
    }
  }
  const preprocessing = preprocessorConfig
    ? huggingFacePreprocessing(config, preprocessorConfig, IMAGENET)
    : isTimm(config)
    ? timmPreprocessing({ ...config, ...config.pretrained_cfg as Config })
    : flatPreprocessing(config);
  checkPreprocessing(preprocessing);
  return preprocessing;
}
