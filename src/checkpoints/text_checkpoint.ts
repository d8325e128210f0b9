/** Language models as they are found: a folder of Hugging Face, a GGUF file, a file of llama2.c. */
import { FewbitError } from "../errors.ts";
import { openSafetensors, openShardedSafetensors } from "../formats/safetensors_file.ts";
import { lazyWeights } from "../models/language_weights.ts";
import type { LazyWeights } from "../models/language_weights.ts";
import { isFile, isFolder, readFile, readOptionalFile } from "../files/read_file.ts";
import { MAX_JSON_BYTES } from "../json.ts";
import { openGgufLlama } from "./_gguf_llama.ts";
import { openLlama2cModel } from "./_llama2c.ts";
import { readJson, readWeightsFile } from "./checkpoint_folder.ts";

/** The files beside the weights of a language model that a generator needs. */
export interface TextFiles {
  /** config.json. */
  readonly config: Readonly<Record<string, unknown>>;
  /** generation_config.json. */
  readonly generationConfig?: Readonly<Record<string, unknown>>;
  /** tokenizer.json. */
  readonly tokenizer?: Readonly<Record<string, unknown>>;
  /** tokenizer_config.json; `chat_template` may come from chat_template.jinja. */
  readonly tokenizerConfig?: Readonly<Record<string, unknown>>;
}

/** What a folder holds. */
export interface TextCheckpoint extends TextFiles {
  /** Tensors by name. */
  readonly weights: LazyWeights;
}

/** Options of {@linkcode openTextCheckpoint}. */
export interface TextCheckpointOptions {
  /** The vocabulary of a model of llama2.c, where it is not beside it as `tok512.bin` or `tokenizer.bin`. */
  readonly vocabulary?: string;
}

/**
 * Whether a file is opened as a checkpoint of a language model, by its name: GGUF, or a model of
 * llama2.c.
 */
export function isTextCheckpointFile(path: string): boolean {
  return /\.(gguf|bin)$/i.test(path);
}

/**
 * Opens a language model. A folder has config.json, generation_config.json, tokenizer.json,
 * tokenizer_config.json, chat_template.jinja and the weights, which are model.safetensors, sharded or
 * not, and are read when they are needed, or pytorch_model.bin. A file is GGUF (`.gguf`), or of llama2.c
 * (`.bin`).
 *
 * @throws {FewbitError} `not_found` without a config or weights, `invalid_file` for damaged files.
 */
export async function openTextCheckpoint(
  path: string,
  { vocabulary }: TextCheckpointOptions = {},
): Promise<TextCheckpoint> {
  if (await isFolder(path)) return await openTextFolder(path);
  return /\.gguf$/i.test(path) ? openGgufLlama(path) : await openLlama2cModel(path, vocabulary);
}

async function openTextFolder(directory: string): Promise<TextCheckpoint> {
  const [config, generationConfig, tokenizer, tokenizerConfig] = await Promise.all(
    ["config", "generation_config", "tokenizer", "tokenizer_config"].map((name) =>
      readJson(`${directory}/${name}.json`)
    ),
  );
  if (config === undefined) {
    throw new FewbitError("not_found", `Cannot read model: ${directory} has no config.json`);
  }
  const template = await readOptionalFile(`${directory}/chat_template.jinja`);
  return {
    config,
    ...generationConfig && { generationConfig },
    ...tokenizer && { tokenizer },
    ...(tokenizerConfig || template !== undefined) && {
      tokenizerConfig: {
        ...tokenizerConfig,
        ...template !== undefined && { chat_template: new TextDecoder().decode(template) },
      },
    },
    weights: await openWeights(directory),
  };
}

async function openWeights(directory: string): Promise<LazyWeights> {
  const single = `${directory}/model.safetensors`;
  if (await isFile(single)) return openSafetensors(single);
  const index = `${single}.index.json`;
  if (await isFile(index)) {
    const text = new TextDecoder().decode(await readFile(index, { maxBytes: MAX_JSON_BYTES }));
    return openShardedSafetensors(text, directory);
  }
  const torch = `${directory}/pytorch_model.bin`;
  if (await isFile(torch)) return lazyWeights(await readWeightsFile(torch));
  throw new FewbitError("not_found", `Cannot read model: ${directory} has no model.safetensors`);
}
