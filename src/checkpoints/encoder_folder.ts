/** A sentence encoder's folder as sentence-transformers writes it. */
import { FewbitError } from "../errors.ts";
import { isFile, readOptionalFile } from "../files/read_file.ts";
import { MAX_JSON_BYTES, parseJson } from "../json.ts";
import type { EncoderFiles } from "../models/bert_config.ts";
import { isMean, moduleName } from "../models/sentence_config.ts";
import type { Tensor } from "../tensor.ts";
import { readCheckpointFolder, readJson } from "./checkpoint_folder.ts";

type Json = Readonly<Record<string, unknown>>;

/** A sentence encoder as Hugging Face and sentence-transformers write it. */
export interface EncoderCheckpoint extends EncoderFiles {
  /** Tensors of model.safetensors. */
  readonly weights: ReadonlyMap<string, Tensor>;
}

/** What a folder holds. */
export interface EncoderFolder extends EncoderCheckpoint {
  /** tokenizer.json, where there is one. */
  readonly tokenizer?: Readonly<Record<string, unknown>>;
}

/** What sentence-transformers makes of a folder without modules.json: a transformer, and the mean. */
const DEFAULT_MODULES: readonly Json[] = ["Transformer", "Pooling"].map((name) => ({
  type: `sentence_transformers.models.${name}`,
}));

/**
 * Reads modules.json and the files of the modules in the folders that it names: config.json, the weights,
 * sentence_bert_config.json, tokenizer.json and tokenizer_config.json of the transformer, config.json of
 * the pooling and of the normalising; and config_sentence_transformers.json.
 *
 * @param directory Path of the folder.
 */
export async function readEncoderFolder(directory: string): Promise<EncoderFolder> {
  const modules = await readModules(`${directory}/modules.json`);
  const folderOf = (name: string): string | undefined => {
    const module = modules?.find((each) => moduleName(each) === name);
    return module && `${directory}/${pathOf(module)}`;
  };
  const transformer = folderOf("Transformer") ?? directory;
  const { config, weights } = await readCheckpointFolder(transformer);
  const [sentence, tokenizer, tokenizerConfig] = await Promise.all(
    ["sentence_bert_config.json", "tokenizer.json", "tokenizer_config.json"].map((name) =>
      readJson(`${transformer}/${name}`)
    ),
  );
  const [pooling, normalize] = await Promise.all(
    [folderOf("Pooling"), folderOf("Normalize")].map((folder) =>
      folder === undefined ? undefined : readJson(`${folder}/config.json`)
    ),
  );
  const sentenceTransformers = await readJson(`${directory}/config_sentence_transformers.json`);
  if (modules === undefined) await refuseUnread(directory, sentenceTransformers ?? {});
  return {
    config,
    weights,
    modules: modules ?? DEFAULT_MODULES,
    ...pooling && { pooling },
    ...normalize && { normalize },
    ...sentence && { sentence },
    ...tokenizer && { tokenizer },
    ...tokenizerConfig && { tokenizerConfig },
    ...sentenceTransformers && { sentenceTransformers },
  };
}

/** Whether a folder's config.json, or a file of sentence-transformers, says that it is an encoder. */
export async function isEncoderFolder(directory: string): Promise<boolean> {
  const config = await readJson(`${directory}/config.json`);
  if (config?.model_type === "bert") return true;
  const files = ["modules.json", "1_Pooling/config.json", "sentence_bert_config.json"];
  for (const file of files) if (await isFile(`${directory}/${file}`)) return true;
  return false;
}

/**
 * Without modules.json the library pools by the mean and reads neither a pooling's file nor its own config:
 * where these say otherwise, the folder is an incomplete copy.
 */
async function refuseUnread(directory: string, own: Json): Promise<void> {
  const pooling = await readJson(`${directory}/1_Pooling/config.json`) ?? {};
  const { default_prompt_name: prompt, similarity_fn_name: similarity } = own;
  const unread = !isMean(pooling)
    ? "1_Pooling/config.json"
    : (prompt ?? null) !== null || (similarity ?? "cosine") !== "cosine"
    ? "config_sentence_transformers.json"
    : undefined;
  if (unread === undefined) return;
  throw new FewbitError(
    "unsupported",
    `Cannot read ${directory}: without modules.json sentence-transformers does not read ${unread}, ` +
      `which changes embeddings or how they are compared; copy modules.json as well`,
  );
}

/** The folder of a module, inside the model's. */
function pathOf({ path = "" }: Json): string {
  if (typeof path === "string" && /^[\w-]*$/.test(path)) return path;
  throw new FewbitError("invalid_file", `Cannot read modules.json: path ${JSON.stringify(path)}`);
}

async function readModules(path: string): Promise<readonly Json[] | undefined> {
  const bytes = await readOptionalFile(path, { maxBytes: MAX_JSON_BYTES });
  if (bytes === undefined) return undefined;
  const modules = parseJson(`Cannot read ${path}`, bytes);
  const isModule = (module: unknown): boolean => typeof module === "object" && module !== null;
  if (Array.isArray(modules) && modules.every(isModule)) return modules;
  throw new FewbitError("invalid_file", `Cannot read ${path}: it is not a JSON array of objects`);
}
