/** What a checkpoint is, and what compiles it: for messages where another kind is expected. */
import { textOf } from "./_config_fields.ts";
import type { Json } from "./_config_fields.ts";
import { TIMM_ARCHITECTURES } from "./_timm_architectures.ts";

/** Classes of Hugging Face by what they do. */
const CLASSES: readonly (readonly [pattern: RegExp, kind: string])[] = [
  [/ForCausalLM|LMHeadModel/, "a language model"],
  [/ForConditionalGeneration/, "a model from sequences to sequences"],
  [/ForImageClassification/, "an image classifier"],
];

/** Whether a config.json is that of a language model that fewbit runs. */
export function isLanguageModel(config: Json): boolean {
  return /^(hgrn_bit|llama|bitnet)$/.test(textOf(config.model_type ?? "")) ||
    textOf(config.architectures ?? "").includes("HGRNBitForCausalLM");
}

/** What a checkpoint is, by its config.json, and which command compiles it. */
export function checkpointKind(config: Json): string {
  const type = textOf(config.model_type ?? "");
  const classes = textOf(config.architectures ?? "");
  if (isLanguageModel(config)) {
    return 'this is a language model; use "fewbit generate" or "fewbit convert"';
  }
  if (type === "bert") {
    return 'this is a sentence encoder; use "fewbit quantize" and "fewbit embed"';
  }
  const architecture = textOf(config.architecture ?? "").replace(/\..*$/, "");
  if (/^(vit|deit|swin)$/.test(type) || Object.hasOwn(TIMM_ARCHITECTURES, architecture)) {
    return 'this is an image classifier; use "fewbit quantize --images" and "fewbit classify"';
  }
  const kind = CLASSES.find(([pattern]) => pattern.test(classes))?.[1] ?? "a model";
  const name = JSON.stringify(config.model_type ?? config.architecture ?? null);
  return `this is ${kind} of the family ${name.slice(0, 80)}, which fewbit does not run`;
}
