/** What every config.json of Hugging Face may say. */
import { isJson, unsupportedField } from "./_config_fields.ts";
import type { Json } from "./_config_fields.ts";

/**
 * Refuses settings of `PreTrainedConfig` that change what the tensors mean: pruned heads, quantised
 * weights, code of the checkpoint's own, a decoder. The others (dropout, initialisers, what is returned)
 * do not change what a trained model computes.
 */
export function refuseForeign(config: Json): void {
  const pruned = config.pruned_heads;
  if (isJson(pruned) && Object.keys(pruned).length > 0) {
    throw unsupportedField("pruned_heads", pruned, "all heads have to be there");
  }
  for (const name of ["quantization_config", "compression_config"]) {
    const value = config[name] ?? undefined;
    if (value !== undefined) throw unsupportedField(name, value, "give the float checkpoint");
  }
  if ((config.auto_map ?? undefined) !== undefined) {
    throw unsupportedField("auto_map", config.auto_map, "models with code of their own are not");
  }
  for (const name of ["is_decoder", "add_cross_attention", "is_encoder_decoder"]) {
    if ((config[name] ?? false) !== false) {
      throw unsupportedField(name, config[name], "supported is false");
    }
  }
}
