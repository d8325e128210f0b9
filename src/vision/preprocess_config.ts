import {
  badField,
  type Config,
  isConfig,
  readChannels,
  readPerChannel,
  readSize,
} from "./_config_fields.ts";
import { huggingFacePreprocessing } from "./_huggingface_config.ts";
import { isTimmConfig, timmPreprocessing } from "./_timm_config.ts";
import { checkPreprocessing, type Preprocessing } from "./preprocess.ts";

/**
 * Reads how images are prepared from a model's `config.json` and, where there is one, `preprocessor_config.json`:
 *
 * - Hugging Face's `preprocessor_config.json`, if given: `size`, `crop_size`, `resample`, `image_mean`, `rescale_factor`…
 * - timm's `pretrained_cfg`, or its fields at the top: `input_size`, `mean`, `std`, `interpolation`, `crop_pct`, `crop_mode`;
 * - else `image_size`, `num_channels`, `image_mean` and `image_std`: the image is stretched to `image_size`.
 *
 * What is missing is that of ImageNet models: 3 channels of 224 × 224 pixels, their mean and standard deviation,
 * bicubic, a crop of 0.875 (timm).
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
export function preprocessingFromConfig(
  config: Readonly<Record<string, unknown>>,
  preprocessorConfig?: Readonly<Record<string, unknown>>,
): Preprocessing {
  if (!isConfig(config)) throw badField("the config", "an object", config);
  if (preprocessorConfig !== undefined && !isConfig(preprocessorConfig)) {
    throw badField("the preprocessor config", "an object", preprocessorConfig);
  }
  const preprocessing = preprocessorConfig
    ? huggingFacePreprocessing(config, preprocessorConfig)
    : isTimmConfig(config)
    ? timmPreprocessing(config)
    : flatPreprocessing(config);
  checkPreprocessing(preprocessing);
  return preprocessing;
}

function flatPreprocessing(config: Config): Preprocessing {
  const channels = readChannels("num_channels", config.num_channels ?? 3);
  const [height, width] = readSize("image_size", config.image_size ?? 224);
  return {
    inputSize: [channels, height, width],
    mean: readPerChannel(config, "image_mean", "mean", channels),
    std: readPerChannel(config, "image_std", "std", channels),
    interpolation: "bicubic",
    resize: { mode: "stretch", height, width },
    centerCrop: false,
  };
}
