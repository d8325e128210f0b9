/** Sizes of a Llama with ternary weights from the config.json of a `BitNetForCausalLM`. */
import { FewbitError } from "../errors.ts";
import { huggingFaceScale } from "../formats/ternary/hugging_face.ts";
import type { HuggingFaceScale } from "../formats/ternary/hugging_face.ts";
import { given, isJson, textOf, unsupportedField } from "./_config_fields.ts";
import type { Json } from "./_config_fields.ts";
import { refuseForeign } from "./_huggingface_common.ts";
import { decoderConfig } from "./llama_config.ts";
import type { DecoderClass, LlamaConfig } from "./llama_config.ts";
import { checkpointKind } from "./model_kind.ts";

/** A BitNet b1.58: a Llama whose linear layers are ternary, with a ReLU² and two more norms a layer. */
export interface BitNetConfig extends LlamaConfig {
  /** What is done with `weight_scale` of packed weights; `latent`: the weights are those of training. */
  readonly weights: HuggingFaceScale | "latent";
}

const BITNET: DecoderClass = {
  epsilon: 1e-5,
  theta: 500_000,
  activations: ["relu2"],
  mlp: 'a gate with ReLU² ("relu2")',
};

/** Layers that may be left as they are: the head, which is no ternary layer. */
const NOT_CONVERTED: readonly unknown[] = ["lm_head"];

/** Whether a config.json is that of a BitNet b1.58. */
export function isBitNet({ model_type: type }: Json): boolean {
  return type === "bitnet";
}

/**
 * Reads a config.json. All that the library's class computes with is read, or refused by name where it
 * is not done.
 *
 * @param config The parsed file.
 * @throws {FewbitError} `unsupported` for another class or a setting that is not done, `invalid_file`
 * for a missing or bad value.
 */
export function bitNetConfig(config: Json): BitNetConfig {
  const classes = config.architectures ?? undefined;
  const isCausal = classes === undefined ||
    Array.isArray(classes) && classes.includes("BitNetForCausalLM");
  if (!isBitNet(config) || !isCausal) {
    throw new FewbitError(
      "unsupported",
      `Config: model_type is ${JSON.stringify(config.model_type)}, architectures are ${
        JSON.stringify(classes)
      }, expected BitNetForCausalLM; ${checkpointKind(config)}`,
    );
  }
  // The code that the published checkpoint names is that of the library's class.
  refuseForeign({ ...config, quantization_config: null, auto_map: null });
  return { ...decoderConfig(config, BITNET), weights: weightsOf(config) };
}

/** How the weights are stored, by the config of the quantisation. */
function weightsOf(config: Json): BitNetConfig["weights"] {
  const quantization = given(config, ["quantization_config"]);
  if (quantization === undefined) return "latent";
  if (!isJson(quantization)) {
    throw unsupportedField("quantization_config", quantization, "expected an object");
  }
  const isOnline = quantization.quantization_mode === "online";
  // Weights that are made ternary when they are used: a class and a method like the packed ones.
  const scale = huggingFaceScale({
    quantization_config: { ...quantization, ...isOnline && { quantization_mode: "offline" } },
  });
  if ((given(quantization, ["use_rms_norm"]) ?? false) !== false) {
    throw unsupportedField("use_rms_norm", true, "there is no norm inside a linear layer");
  }
  const left = given(quantization, ["modules_to_not_convert"]) ?? [];
  if (!Array.isArray(left) || left.some((name) => !NOT_CONVERTED.includes(name))) {
    throw unsupportedField(
      "modules_to_not_convert",
      textOf(left).slice(0, 80),
      'only "lm_head" may be left',
    );
  }
  return isOnline ? "latent" : scale;
}
