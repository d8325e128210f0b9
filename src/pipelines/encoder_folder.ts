/** A sentence encoder's folder as sentence-transformers writes it. */
import { FewbitError } from "../errors.ts";
import { isFile, readOptionalFile } from "../files/read_file.ts";
import { MAX_JSON_BYTES, parseJson } from "../json.ts";
import { readCheckpointFolder, readJson } from "./checkpoint_folder.ts";
import type { EncoderCheckpoint } from "./encoder_compile.ts";

/** What a folder holds. */
export interface EncoderFolder extends EncoderCheckpoint {
  /** tokenizer.json, where there is one. */
  readonly tokenizer?: Readonly<Record<string, unknown>>;
  /** modules.json, where there is one. */
  readonly modules?: readonly Readonly<Record<string, unknown>>[];
  /** config_sentence_transformers.json, where there is one. */
  readonly sentenceTransformers?: Readonly<Record<string, unknown>>;
}

/**
 * Reads config.json, 1_Pooling/config.json, sentence_bert_config.json, tokenizer.json, modules.json,
 * config_sentence_transformers.json and the weights.
 *
 * @param directory Path of the folder.
 */
export async function readEncoderFolder(directory: string): Promise<EncoderFolder> {
  const { config, weights } = await readCheckpointFolder(directory);
  const [pooling, sentence, tokenizer, sentenceTransformers] = await Promise.all(
    [
      "1_Pooling/config.json",
      "sentence_bert_config.json",
      "tokenizer.json",
      "config_sentence_transformers.json",
    ].map((name) => readJson(`${directory}/${name}`)),
  );
  const modules = await readModules(`${directory}/modules.json`);
  return {
    config,
    weights,
    ...(pooling && { pooling }),
    ...(sentence && { sentence }),
    ...(tokenizer && { tokenizer }),
    ...(modules && { modules }),
    ...(sentenceTransformers && { sentenceTransformers }),
  };
}

/** Whether a folder's config.json, or a file of sentence-transformers, says that it is an encoder. */
export async function isEncoderFolder(directory: string): Promise<boolean> {
  const config = await readJson(`${directory}/config.json`);
  return config?.model_type === "bert" || await isFile(`${directory}/1_Pooling/config.json`) ||
    await isFile(`${directory}/sentence_bert_config.json`);
}

async function readModules(path: string): Promise<EncoderFolder["modules"]> {
  const bytes = await readOptionalFile(path, { maxBytes: MAX_JSON_BYTES });
  if (bytes === undefined) return undefined;
  const modules = parseJson(`Cannot read ${path}`, bytes);
  const isModule = (module: unknown): boolean => typeof module === "object" && module !== null;
  if (Array.isArray(modules) && modules.every(isModule)) return modules;
  throw new FewbitError("invalid_file", `Cannot read ${path}: it is not a JSON array of objects`);
}
