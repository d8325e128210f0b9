/** What a compiled sentence encoder says of itself, so that an embedder needs nothing but the one file. */
import { FewbitError } from "../errors.ts";
import type { Metadata } from "../program/program.ts";
import { listVocabulary } from "../text/vocabulary_list.ts";
import type { EncoderFolder } from "./encoder_folder.ts";

type Json = Readonly<Record<string, unknown>>;

/** Modules of sentence-transformers that an encoder may have. */
const MODULES: readonly string[] = ["Transformer", "Pooling", "Normalize"];

/**
 * Metadata from the files beside the weights: `name`, `tokenizer` (tokenizer.json without truncation
 * and padding, which are not used, its vocabulary as a list), `prompts` and `defaultPrompt` of config_sentence_transformers.json.
 *
 * @param name Name of the model.
 * @throws {FewbitError} `not_found` without a tokenizer.json, `unsupported` for other modules than a
 * transformer, pooling and normalising, or where texts are to be lower-cased and the tokenizer does not.
 */
export function encoderMetadata(folder: EncoderFolder, name: string): Metadata {
  const { tokenizer, modules = [], sentence, sentenceTransformers = {} } = folder;
  if (tokenizer === undefined) {
    throw new FewbitError("not_found", `Cannot compile encoder: "${name}" has no tokenizer.json`);
  }
  for (const { type } of modules) {
    const module = String(type).split(".").at(-1)!;
    if (MODULES.includes(module)) continue;
    const known = MODULES.join(", ");
    throw new FewbitError(
      "unsupported",
      `Cannot compile encoder: modules.json has a ${module}, supported are ${known}`,
    );
  }
  if (sentence?.do_lower_case === true && !lowers(tokenizer.normalizer)) {
    throw new FewbitError(
      "unsupported",
      "Cannot compile encoder: sentence_bert_config.json lower-cases texts, tokenizer.json does not",
    );
  }
  const { truncation: _, padding: __, ...compact } = tokenizer;
  return { name, ...promptsOf(sentenceTransformers), tokenizer: listVocabulary(compact) };
}

function lowers(normalizer: unknown): boolean {
  const { type, lowercase, normalizers } = (normalizer ?? {}) as Json;
  return type === "Lowercase" || type === "BertNormalizer" && lowercase === true ||
    Array.isArray(normalizers) && normalizers.some(lowers);
}

function promptsOf({ prompts, default_prompt_name: name }: Json): Metadata {
  const isObject = typeof prompts === "object" && prompts !== null;
  if (!isObject || Object.keys(prompts).length === 0) return {};
  return { prompts, ...typeof name === "string" && { defaultPrompt: name } };
}
