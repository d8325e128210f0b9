/** What the files of sentence-transformers say of an encoder: pooling, limits, what follows (version 6.2). */
import { FewbitError } from "../errors.ts";
import { isJson } from "./_config_fields.ts";
import type { Json } from "./_config_fields.ts";

/** How the rows of the tokens become one; the names are those of sentence-transformers. */
export type Pooling = "mean" | "cls" | "mean_sqrt_len_tokens" | "lasttoken";

/** How two embeddings are compared; `euclidean` and `manhattan` are distances with a minus. */
export type Similarity = "cosine" | "dot" | "euclidean" | "manhattan";

/** The files of a sentence encoder besides its weights and config.json, parsed. */
export interface SentenceFiles {
  /** modules.json, each module with its own config.json. Without it the defaults of `bertConfig`. */
  readonly modules?: readonly Readonly<Record<string, unknown>>[];
  /** Config of the pooling module (1_Pooling/config.json); without it pooling is the mean. */
  readonly pooling?: Readonly<Record<string, unknown>>;
  /** Config of the normalising module, where it has one. */
  readonly normalize?: Readonly<Record<string, unknown>>;
  /** sentence_bert_config.json. */
  readonly sentence?: Readonly<Record<string, unknown>>;
  /** tokenizer_config.json. */
  readonly tokenizerConfig?: Readonly<Record<string, unknown>>;
  /** config_sentence_transformers.json. */
  readonly sentenceTransformers?: Readonly<Record<string, unknown>>;
}

/** What they say. */
export interface SentenceConfig {
  readonly pooling: Pooling;
  /** Whether the tokens of a prompt are pooled with the text's. */
  readonly includePrompt: boolean;
  /** Whether embeddings are divided by their length. */
  readonly normalize: boolean;
  /** Tokens of a text, special ones included; more are cut. Absent: as many as there are positions. */
  readonly maxTokens: number | undefined;
  readonly similarity: Similarity;
}

const MODES: readonly Pooling[] = ["mean", "cls", "mean_sqrt_len_tokens", "lasttoken"];

/** Flags of older files, in the order in which the library joins what they give. */
const FLAGS: Readonly<Record<string, string>> = {
  pooling_mode_cls_token: "cls",
  pooling_mode_max_tokens: "max",
  pooling_mode_mean_tokens: "mean",
  pooling_mode_mean_sqrt_len_tokens: "mean_sqrt_len_tokens",
  pooling_mode_weightedmean_tokens: "weightedmean",
  pooling_mode_lasttoken: "lasttoken",
};

/** Settings of modules with the values that are done; null and what is not there are the default. */
const FIXED: Readonly<Record<string, readonly (readonly [name: string, values: unknown[]])[]>> = {
  "sentence_bert_config.json": [
    ["transformer_task", ["feature-extraction"]],
    ["module_output_name", ["token_embeddings"]],
    ["query_length", []],
    ["document_length", []],
    ["query_expansion", []],
    ["tokenizer_name_or_path", []],
  ],
  "the normalising module": [
    ["module_input_name", ["sentence_embedding"]],
    ["module_output_name", ["sentence_embedding"]],
  ],
  "config_sentence_transformers.json": [["model_type", ["SentenceTransformer"]]],
  "tokenizer_config.json": [["truncation_side", ["right"]], ["padding_side", ["right"]]],
};

/**
 * Reads them.
 *
 * @param width Numbers of a token.
 * @throws {FewbitError} `unsupported` for other modules, poolings and settings, `invalid_file` for a bad
 * value.
 */
export function sentenceConfig(files: SentenceFiles, width: number): SentenceConfig {
  const { modules, pooling = {}, normalize, sentence = {}, tokenizerConfig = {} } = files;
  checkFixed("sentence_bert_config.json", sentence);
  checkModality(sentence);
  checkArguments(sentence);
  checkFixed("tokenizer_config.json", tokenizerConfig);
  if (normalize !== undefined) checkFixed("the normalising module", normalize);
  checkFixed("config_sentence_transformers.json", files.sentenceTransformers ?? {});
  checkDimension(files.sentenceTransformers ?? {}, width);
  const limit = given(sentence.max_seq_length) ?? given(tokenizerConfig.model_max_length);
  return {
    pooling: poolingOf(pooling, width),
    includePrompt: flag(pooling, "include_prompt"),
    normalize: modules === undefined || normalizes(modules),
    maxTokens: limit === undefined ? undefined : length(limit),
    similarity: similarityOf(files.sentenceTransformers?.similarity_fn_name),
  };
}

/** Whether a pooling is the mean of all tokens, the library's default. */
export function isMean(pooling: Json): boolean {
  const { pooling_mode: mode = "mean", include_prompt: includePrompt } = pooling;
  const others = Object.keys(FLAGS).filter((name) => FLAGS[name] !== "mean");
  return mode === "mean" && includePrompt !== false &&
    others.every((name) => pooling[name] !== true);
}

/** The last name of a module's type, as `Pooling` of `sentence_transformers.models.Pooling`. */
export function moduleName({ type }: Json): string {
  return String(typeof type === "string" ? type : JSON.stringify(type)).split(".").at(-1)!;
}

/** Modules: a transformer, pooling, and maybe dropout, which does nothing here, and normalising. */
function normalizes(modules: readonly Json[]): boolean {
  const names = modules.map(moduleName).filter((name) => name !== "Dropout");
  const known = ["Transformer", "Pooling", "Normalize"];
  const other = names.find((name) => !known.includes(name));
  if (other !== undefined) {
    throw new FewbitError(
      "unsupported",
      `Cannot compile encoder: modules.json has a ${other}, supported are ${known.join(", ")}`,
    );
  }
  const foreign = modules.find(({ type }) => !/^sentence_transformers\./.test(String(type)));
  if (foreign !== undefined) {
    throw new FewbitError(
      "unsupported",
      `Cannot compile encoder: modules.json has ${JSON.stringify(foreign.type)}, code of its own`,
    );
  }
  const order = names.join(", ");
  if (order === "Transformer, Pooling, Normalize") return true;
  if (order === "Transformer, Pooling") return false;
  throw new FewbitError(
    "unsupported",
    `Cannot compile encoder: modules.json has ${order || "no module"}, supported are ` +
      `Transformer, Pooling and maybe Normalize`,
  );
}

function poolingOf(file: Json, width: number): Pooling {
  for (const name of ["word_embedding_dimension", "embedding_dimension"]) {
    const dimension = file[name] ?? width;
    if (dimension === width) continue;
    throw new FewbitError(
      "invalid_file",
      `Cannot read 1_Pooling/config.json: ${name} is ${dimension}, hidden_size ${width}`,
    );
  }
  const read = [
    "word_embedding_dimension",
    "embedding_dimension",
    "pooling_mode",
    "include_prompt",
  ];
  const other = Object.keys(file).find((name) =>
    !read.includes(name) && !Object.hasOwn(FLAGS, name)
  );
  if (other !== undefined) throw unsupported("1_Pooling/config.json", other, file[other]);
  const flags = Object.keys(FLAGS).filter((name) => flag(file, name, false));
  const said = file.pooling_mode ??
    (flags.length === 0 ? "mean" : flags.map((name) => FLAGS[name]));
  const modes: unknown[] = Array.isArray(said) ? said : [said];
  const mode = MODES.find((name) => modes.length === 1 && modes[0] === name);
  if (mode !== undefined) return mode;
  throw new FewbitError(
    "unsupported",
    `Cannot build encoder: pooling by ${
      modes.map((each) => JSON.stringify(each)).join(" and ") || "nothing"
    }, supported is one of ${MODES.join(", ")}`,
  );
}

function similarityOf(value: unknown): Similarity {
  const name = value ?? "cosine";
  if (name === "cosine" || name === "dot" || name === "euclidean" || name === "manhattan") {
    return name;
  }
  if (name === "dot_product") return "dot";
  throw unsupported("config_sentence_transformers.json", "similarity_fn_name", value);
}

/** The library reads the last hidden state of texts. */
function checkModality({ modality_config: config, processing_kwargs: processing }: Json): void {
  const file = "sentence_bert_config.json";
  if (isJson(config)) {
    const { method = "forward", method_output_name: output = "last_hidden_state" } =
      isJson(config.text) ? config.text : {};
    if (!isJson(config.text) || method !== "forward" || output !== "last_hidden_state") {
      throw unsupported(file, "modality_config", config);
    }
  } else if (given(config) !== undefined) throw unsupported(file, "modality_config", config);
  if (given(processing) === undefined) return;
  if (isJson(processing) && Object.keys(processing).length === 0) return;
  throw unsupported(file, "processing_kwargs", processing);
}

/** What the library hands on to transformers, under its old names and those of today. */
const ARGUMENTS = ["model", "tokenizer", "config", "processor"].flatMap((name) => [
  `${name}_args`,
  `${name}_kwargs`,
]);

/** They may say anything of the network and the tokenizer; of a file, `trust_remote_code` is not heard. */
function checkArguments(sentence: Json): void {
  for (const name of ARGUMENTS) {
    const value = given(sentence[name]);
    if (value === undefined) continue;
    const heard = isJson(value) &&
      Object.keys(value).every((key) => key === "trust_remote_code");
    if (!heard) throw unsupported("sentence_bert_config.json", name, value);
  }
}

/** Embeddings are as wide as the network; the library may cut them. */
function checkDimension({ truncate_dim: dimension }: Json, width: number): void {
  const value = given(dimension);
  if (value === undefined || (Number.isInteger(value) && Number(value) >= width)) return;
  throw unsupported("config_sentence_transformers.json", "truncate_dim", value);
}

function checkFixed(file: string, config: Json): void {
  for (const [name, values] of FIXED[file]) {
    const value = given(config[name]);
    if (value !== undefined && !values.includes(value)) throw unsupported(file, name, value);
  }
}

function given(value: unknown): unknown {
  return value === null ? undefined : value;
}

function flag(file: Json, name: string, fallback = true): boolean {
  const value = given(file[name]) ?? fallback;
  if (typeof value === "boolean") return value;
  throw new FewbitError(
    "invalid_file",
    `Cannot read 1_Pooling/config.json: expected ${name} to be true or false, got ${
      JSON.stringify(value)
    }`,
  );
}

/** A limit of tokens; tokenizers write 1e30 where there is none. */
function length(value: unknown): number {
  if (typeof value === "number" && value >= 1 && (Number.isInteger(value) || value > 1e15)) {
    return value;
  }
  throw new FewbitError(
    "invalid_file",
    `Cannot read the limit of tokens: max_seq_length or model_max_length is ${
      JSON.stringify(value)
    }`,
  );
}

function unsupported(file: string, name: string, value: unknown): FewbitError {
  return new FewbitError(
    "unsupported",
    `Cannot compile encoder: ${name} ${JSON.stringify(value)} of ${file} is not supported`,
  );
}
