/** What the metadata of a sentence encoder say, checked against its program. */
import { FewbitError } from "../../errors.ts";
import type { Pooling, Similarity } from "../../models/sentence_config.ts";
import type { Metadata, Program, ProgramTensor } from "../../program/program.ts";
import { Tokenizer } from "../../text/tokenizer.ts";
import { expandVocabulary } from "../../text/vocabulary_list.ts";
import { programKind } from "../program_kind.ts";
import { isLocalTokenizer } from "./_encode_text.ts";

/** What an embedder takes from a program. */
export interface EncoderSetup {
  /** Name of the model. */
  readonly name: string;
  /** Numbers of an embedding. */
  readonly dimension: number;
  /** Ids are below. */
  readonly vocabularySize: number;
  /** Most tokens of a text. */
  readonly maxTokens: number;
  /** Absent where the model came without one: then only ids go in. */
  readonly tokenizer?: Tokenizer;
  /** Whether the tokens of a text's start can be had without its end. */
  readonly isLocal: boolean;
  /** Texts that go in front of others, by name. */
  readonly prompts: ReadonlyMap<string, string>;
  /** Name of the prompt that is used where none is asked for. */
  readonly defaultPrompt?: string;
  /** How sums become embeddings. */
  readonly pooling: PoolingSetup;
  /** How embeddings are compared. */
  readonly similarity: Similarity;
}

const POOLINGS: readonly Pooling[] = ["mean", "cls", "mean_sqrt_len_tokens", "lasttoken"];
const SIMILARITIES: readonly Similarity[] = ["cosine", "dot", "euclidean", "manhattan"];

/** How sums become embeddings. */
export interface PoolingSetup {
  readonly mode: Pooling;
  /** Whether the tokens of a prompt are pooled. */
  readonly includePrompt: boolean;
  /** What a number of the sums stands for, where embeddings are no unit vectors. */
  readonly scale?: number;
}

/** Longest name of a model or prompt, and longest prompt. */
const LONGEST = 1000;

/**
 * Reads the metadata of a program, which may be hostile.
 *
 * @throws {FewbitError} `unsupported` where the program is no sentence encoder, `invalid_file` where
 * its metadata are not what the compiler writes.
 */
export function encoderSetup(program: Program): EncoderSetup {
  const { metadata } = program;
  const ids = tensorOf(program, "input", "ids");
  const sums = tensorOf(program, "output", "sums");
  const offsets = tensorOf(program, "input", "offsets");
  const fits = ids?.dtype === "i32" && ids.check === "below" && offsets?.check === "offsets" &&
    sums?.dtype === "i32" && sums.extents.length === 2;
  if (metadata.task !== "sentence-embedding" || !fits) {
    throw new FewbitError(
      "unsupported",
      `Cannot embed: the program is not a sentence encoder of integers; ${programKind(metadata)}`,
    );
  }
  const dimension = constantOf(program, sums.extents[1]);
  const vocabularySize = constantOf(program, ids.limit);
  if (metadata.dimension !== dimension) fail(`dimension is not ${dimension}, its output's`);
  const pooling = poolingOf(metadata);
  const parts = tensorOf(program, "input", "parts");
  const hasParts = !pooling.includePrompt || pooling.mode === "lasttoken";
  if (hasParts !== (parts?.check === "offsets")) fail("pooling does not suit the inputs");
  const { maxTokens, name = "encoder" } = metadata;
  if (!(Number.isInteger(maxTokens) && Number(maxTokens) > 0)) fail("maxTokens is no count");
  if (!isShort(name) || name === "") fail("name is no name");
  return {
    name,
    dimension,
    vocabularySize,
    maxTokens: Number(maxTokens),
    isLocal: false,
    pooling,
    similarity: oneOf(SIMILARITIES, metadata.similarity ?? "cosine", "similarity"),
    ...promptsOf(metadata.prompts, metadata.defaultPrompt),
    ...metadata.tokenizer !== undefined && {
      tokenizer: tokenizerOf(metadata.tokenizer, vocabularySize, Number(maxTokens)),
      isLocal: isLocalTokenizer(metadata.tokenizer),
    },
  };
}

function poolingOf(
  { pooling, includePrompt = true, normalize = true, scale }: Metadata,
): PoolingSetup {
  if (typeof includePrompt !== "boolean") fail("includePrompt is neither true nor false");
  const mode = oneOf(POOLINGS, pooling ?? "mean", "pooling");
  if (normalize === true) return { mode, includePrompt };
  if (normalize === false && typeof scale === "number" && scale > 0 && Number.isFinite(scale)) {
    return { mode, includePrompt, scale };
  }
  return fail("normalize is neither true, nor false with a scale");
}

function oneOf<T extends string>(names: readonly T[], value: unknown, what: string): T {
  return names.find((name) => name === value) ?? fail(`${what} is none of ${names.join(", ")}`);
}

function tensorOf(
  { tensors }: Program,
  region: "input" | "output",
  name: string,
): ProgramTensor | undefined {
  return tensors.find((tensor) => tensor.region === region && tensor.name === name);
}

function constantOf({ expressions }: Program, index: number): number {
  const expression = expressions[index];
  if (expression?.terms.length === 0) return expression.constant;
  return fail("an extent depends on the batch");
}

function tokenizerOf(json: unknown, vocabularySize: number, maxTokens: number): Tokenizer {
  let special: number;
  let tokenizer: Tokenizer;
  try {
    tokenizer = Tokenizer.fromJson(expandVocabulary(json));
    special = tokenizer.encode("").tokens;
  } catch (cause) {
    if (cause instanceof FewbitError) return fail(cause.message, cause);
    throw cause;
  }
  if (tokenizer.vocabSize > vocabularySize) {
    fail(`the tokenizer has ${tokenizer.vocabSize} tokens, the program ${vocabularySize}`);
  }
  if (special > maxTokens) fail(`${special} special tokens do not fit ${maxTokens}`);
  return tokenizer;
}

function promptsOf(
  prompts: unknown = {},
  defaultPrompt: unknown,
): Pick<EncoderSetup, "prompts" | "defaultPrompt"> {
  if (typeof prompts !== "object" || prompts === null) return fail("prompts is no object");
  const entries = Object.entries(prompts).map(([name, text]): [string, string] =>
    isShort(name) && isShort(text) ? [name, text] : fail("a prompt is no short text")
  );
  if (defaultPrompt === undefined) return { prompts: new Map(entries) };
  if (typeof defaultPrompt === "string" && Object.hasOwn(prompts, defaultPrompt)) {
    return { prompts: new Map(entries), defaultPrompt };
  }
  return fail("defaultPrompt is not one of the prompts");
}

function isShort(text: unknown): text is string {
  return typeof text === "string" && text.length <= LONGEST;
}

function fail(why: string, cause?: unknown): never {
  throw new FewbitError("invalid_file", `Cannot embed: the model's metadata: ${why}`, { cause });
}
