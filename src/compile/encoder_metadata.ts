/** What a compiled sentence encoder says of itself, so that an embedder needs nothing but the one file. */
import { FewbitError } from "../errors.ts";
import type { Metadata } from "../program/program.ts";
import { listVocabulary } from "../text/vocabulary_list.ts";
import type { EncoderFolder } from "../checkpoints/encoder_folder.ts";
import { encoderTokenizer } from "../checkpoints/encoder_tokenizer.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * Metadata from the files beside the weights: `name`, `tokenizer` (tokenizer.json without truncation
 * and padding, which are not used, its vocabulary as a list), `prompts` and `defaultPrompt` of config_sentence_transformers.json.
 *
 * @param name Name of the model.
 * @throws {FewbitError} `not_found` without a tokenizer.json, `unsupported` for a tokenizer that the files
 * beside it contradict.
 */
export function encoderMetadata(folder: EncoderFolder, name: string): Metadata {
  const { sentenceTransformers = {} } = folder;
  const { truncation: _, padding: __, ...compact } = folderTokenizer(folder, name);
  return { name, ...promptsOf(sentenceTransformers), tokenizer: listVocabulary(compact) };
}

/** tokenizer.json of a folder, with what the files beside it change. */
export function folderTokenizer(
  { tokenizer, tokenizerConfig, sentence }: EncoderFolder,
  name: string,
): Json {
  if (tokenizer === undefined) {
    throw new FewbitError("not_found", `Cannot compile encoder: "${name}" has no tokenizer.json`);
  }
  return encoderTokenizer(tokenizer, tokenizerConfig, sentence);
}

function promptsOf({ prompts, default_prompt_name: name }: Json): Metadata {
  const isObject = typeof prompts === "object" && prompts !== null;
  if (!isObject || Object.keys(prompts).length === 0) return {};
  return { prompts, ...typeof name === "string" && { defaultPrompt: name } };
}
