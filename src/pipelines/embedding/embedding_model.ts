/** Sentence embeddings with a loaded encoder. */
import type { Instance } from "../../engines/engine.ts";
import { expectTensor } from "../../engines/expect_tensor.ts";
import { FewbitError } from "../../errors.ts";
import { pauseIfDue, workBegins } from "../../event_loop.ts";
import type { Similarity } from "../../models/sentence_config.ts";
import { MAX_TEXT_LENGTH } from "../../text/tokenizer.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import { expectInstance } from "../expect_instance.ts";
import { raggedBatches } from "./_ragged_batches.ts";
import type { RaggedBatch } from "./_ragged_batches.ts";
import { encodeStart } from "./_encode_text.ts";
import { encoderSetup } from "./_encoder_setup.ts";
import type { EncoderSetup } from "./_encoder_setup.ts";
import { partsOf, pooledVector } from "./_pooled.ts";
import type { PooledText } from "./_pooled.ts";
import {
  checkEmbeddingFormat,
  embeddingSimilarity,
  toEmbeddingFormat,
} from "./embedding_format.ts";
import type { Embedding, EmbeddingFormat, EmbeddingRows } from "./embedding_format.ts";

/** A text, or its token ids with the special ones. */
export type EmbeddingInput = string | ArrayLike<number>;

/** Options of {@linkcode EmbeddingModel.embed}. */
export interface EmbedOptions<F extends EmbeddingFormat = "float32"> {
  /** `float32` (default), `int8`: `round(127·x)` of the unit vector, or `binary`: one bit each, 1 where positive. */
  readonly format?: F;
  /** Text in front of each text, as `"query: "` of the E5 models. */
  readonly prefix?: string;
  /** Name of one of the model's prompts, to be the prefix. Default: the model's default, if any. */
  readonly prompt?: string;
  /** Most tokens that the texts may have together, each cut to what the model reads. Default: any. */
  readonly maxTotalTokens?: number;
  /** Stops with its reason, within some milliseconds. */
  readonly signal?: AbortSignal;
  /** Called with the texts done and in all. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Embeddings of texts, in the order of the texts. */
export interface Embeddings<F extends EmbeddingFormat = "float32"> {
  /** An embedding for each text. */
  readonly rows: readonly EmbeddingRows[F][];
  /** Tokens that the model read of each text, special ones included. */
  readonly tokens: readonly number[];
  /** Whether a text was longer and its end was cut off. */
  readonly truncated: readonly boolean[];
}

/** Texts that are tokenised before any of them is computed. */
const WINDOW = 256;

/** A text as ids. */
interface Encoded {
  readonly ids: Int32Array;
  readonly truncated: boolean;
  /** Tokens of its prompt, which are not pooled. */
  readonly skipped: number;
}

/**
 * Embeds texts with a loaded encoder. The bits of an embedding are the same on every host.
 *
 * This is what needs neither files nor a compiler. Most users want `TextEmbedder`, which loads the
 * encoder as well.
 */
export class EmbeddingModel implements Disposable {
  readonly #instance: Instance;
  readonly #setup: EncoderSetup;
  readonly #batchTokens: number;
  readonly #batchTexts: number;

  /**
   * Takes a loaded encoder.
   *
   * @param instance The encoder, which is disposed of with this object.
   * @throws {FewbitError} `unsupported` or `invalid_file` where the program is no sentence encoder; then
   * the instance is left to the caller.
   */
  constructor(instance: Instance) {
    expectInstance(instance, "Cannot embed");
    this.#instance = instance;
    this.#setup = encoderSetup(instance.program);
    const { max_tokens = 1, max_sequences = 1 } = instance.symbols;
    // A stranger's program may have 0 as the default, with which no batch would get on.
    this.#batchTokens = Math.max(1, max_tokens);
    this.#batchTexts = Math.max(1, max_sequences);
  }

  /** Name of the model. */
  get name(): string {
    return this.#setup.name;
  }

  /** Hexadecimal id of the model: embeddings of one id can be compared. */
  get id(): string {
    return this.#instance.id;
  }

  /** Name of the engine that runs the model. */
  get engine(): string {
    return this.#instance.engine;
  }

  /** Numbers of an embedding. */
  get dimension(): number {
    return this.#setup.dimension;
  }

  /** Tokens of a text, special ones included; the rest of a longer one is cut off. */
  get maxTokens(): number {
    return Math.min(this.#setup.maxTokens, this.#batchTokens);
  }

  /** Words of the vocabulary: token ids are below. */
  get vocabularySize(): number {
    return this.#setup.vocabularySize;
  }

  /** Texts that the model wants in front of others, by name: `query`, `passage`. */
  get prompts(): ReadonlyMap<string, string> {
    return this.#setup.prompts;
  }

  /** Bytes that the model occupies. */
  get memoryBytes(): number {
    return this.#instance.memoryBytes;
  }

  /**
   * Text to ids.
   *
   * @throws {FewbitError} `unsupported` where the model came without a tokenizer.
   */
  get tokenizer(): Tokenizer {
    const { tokenizer } = this.#setup;
    if (tokenizer !== undefined) return tokenizer;
    throw new FewbitError("unsupported", "Cannot embed texts: the model has no tokenizer");
  }

  /**
   * Embeds a text or several. An empty text is embedded too: it has its special tokens.
   *
   * Other work of the host goes on about every 8 milliseconds: between two texts that are tokenised, and
   * within a run of the network. An abort is noticed there.
   *
   * @param input A text, the token ids of a text, or an array of these.
   * @throws {FewbitError} `invalid_argument` for what is neither, for ids beyond the vocabulary, no ids,
   * or an unknown prompt; `limit_exceeded` for a text of more than 2^20 code units that are no words.
   */
  async embed<F extends EmbeddingFormat = "float32">(
    input: EmbeddingInput | readonly EmbeddingInput[],
    options: EmbedOptions<F> = {},
  ): Promise<Embeddings<F>> {
    const { signal, onProgress, format = "float32" as F } = options;
    signal?.throwIfAborted();
    checkEmbeddingFormat(format);
    await workBegins(signal);
    const inputs = listOf(input);
    const prefix = this.#prefix(options);
    const skipped = this.#skipped(prefix);
    await this.#checkTotal(inputs, prefix, options);
    const rows: EmbeddingRows[F][] = [];
    const [tokens, truncated]: [number[], boolean[]] = [[], []];
    for (let first = 0; first < inputs.length; first += WINDOW) {
      const window: Encoded[] = [];
      for (const item of inputs.slice(first, first + WINDOW)) {
        window.push(this.#encode(item, prefix, skipped, first + window.length));
        await pauseIfDue(signal);
      }
      const lengths = window.map(({ ids }) => ids.length);
      let done = first;
      for (const batch of raggedBatches(lengths, this.#batchTokens, this.#batchTexts)) {
        const vectors = await this.#run(window, batch, signal);
        signal?.throwIfAborted();
        vectors.forEach((row, s) => {
          rows[first + batch.texts[s]] = format === "int8" && !this.isNormalized
            ? toEmbeddingFormat(unitOf(row), format)
            : toEmbeddingFormat(row, format);
        });
        onProgress?.(done += batch.texts.length, inputs.length);
      }
      tokens.push(...lengths);
      truncated.push(...window.map((text) => text.truncated));
    }
    return { rows, tokens, truncated };
  }

  /**
   * Whether ids begin and end with the special ones that the model's tokenizer puts around a text. Ids of
   * another tokenizer most often do not, and their embedding says nothing.
   */
  isFramed(ids: ArrayLike<number>): boolean {
    const { before, after } = this.tokenizer.frame;
    const start = ids.length - after.length;
    return start >= before.length && before.every((id, i) => ids[i] === id) &&
      after.every((id, i) => ids[start + i] === id);
  }

  /** Embeds texts that were tokenised elsewhere, with their special tokens. */
  async embedIds<F extends EmbeddingFormat = "float32">(
    texts: readonly ArrayLike<number>[],
    options: Omit<EmbedOptions<F>, "prefix" | "prompt"> = {},
  ): Promise<Embeddings<F>> {
    if (!Array.isArray(texts) || texts.some((ids) => typeof ids !== "object" || ids === null)) {
      throw new FewbitError("invalid_argument", "Cannot embed: expected arrays of token ids");
    }
    return await this.embed([...texts], options);
  }

  /** How the model's authors compare embeddings: `cosine` where they say nothing. */
  get similarityFunction(): Similarity {
    return this.#setup.similarity;
  }

  /** Whether embeddings are unit vectors. */
  get isNormalized(): boolean {
    return this.#setup.pooling.scale === undefined;
  }

  /**
   * How close two embeddings of one format are, by {@linkcode similarityFunction}: a cosine from −1 to 1, a
   * dot product, or a distance with a minus. `int8` and `binary` are made of directions, so that they can
   * be compared by their cosine only.
   *
   * @throws {FewbitError} `invalid_argument` where their formats differ, or are not this model's;
   * `unsupported` for `int8` and `binary` of a model that does not compare cosines.
   */
  similarity(a: Embedding, b: Embedding): number {
    return embeddingSimilarity(a, b, this.dimension, {
      function: this.#setup.similarity,
      normalized: this.isNormalized,
    });
  }

  /** Frees the model's memory. */
  [Symbol.dispose](): void {
    this.#instance[Symbol.dispose]();
  }

  get #hasParts(): boolean {
    const { includePrompt, mode } = this.#setup.pooling;
    return !includePrompt || mode === "lasttoken";
  }

  /** Counts the tokens before anything is computed. */
  async #checkTotal(
    inputs: readonly EmbeddingInput[],
    prefix: string,
    { maxTotalTokens, signal }: EmbedOptions<EmbeddingFormat>,
  ): Promise<void> {
    if (maxTotalTokens === undefined) return;
    let total = 0;
    for (let i = 0; i < inputs.length; i++) {
      total += this.#encode(inputs[i], prefix, 0, i).ids.length;
      if (total > maxTotalTokens) {
        throw new FewbitError(
          "limit_exceeded",
          `Cannot embed: the texts have more than ${maxTotalTokens} tokens`,
        );
      }
      await pauseIfDue(signal);
    }
  }

  #prefix({ prefix, prompt }: EmbedOptions<EmbeddingFormat>): string {
    const { prompts, defaultPrompt } = this.#setup;
    if (prefix !== undefined) {
      if (typeof prefix === "string" && prompt === undefined) return prefix;
      throw new FewbitError("invalid_argument", "Cannot embed: give prefix as a text, or prompt");
    }
    const name = prompt ?? defaultPrompt;
    const text = name === undefined ? "" : prompts.get(name);
    if (text !== undefined) return text;
    const known = [...prompts.keys()].join(", ") || "none";
    throw new FewbitError("invalid_argument", `Cannot embed: no prompt "${name}" in ${known}`);
  }

  /** Tokens of a prompt that are not pooled: all but a special one at its end. */
  #skipped(prefix: string): number {
    if (this.#setup.pooling.includePrompt || prefix === "") return 0;
    const { ids } = this.tokenizer.encode(prefix, { maxTokens: this.maxTokens });
    return this.tokenizer.isSpecial(ids[ids.length - 1]) ? ids.length - 1 : ids.length;
  }

  #encode(input: EmbeddingInput, prefix: string, skipped: number, place: number): Encoded {
    if (typeof input === "string") {
      const text = `${prefix}${input}`;
      return {
        ...encodeStart(this.tokenizer, text, this.maxTokens, this.#setup.isLocal),
        skipped,
      };
    }
    const { vocabularySize, maxTokens } = this;
    const fail = (what: string): never => {
      throw new FewbitError("invalid_argument", `Cannot embed: text ${place} ${what}`);
    };
    if (typeof input !== "object" || input === null || !Number.isInteger(input.length)) {
      return fail(`is ${input === null ? "null" : typeof input}, expected a text or token ids`);
    }
    if (input.length === 0) fail("has no token ids");
    if (input.length > MAX_TEXT_LENGTH) fail(`has more than ${MAX_TEXT_LENGTH} token ids`);
    const all = Array.from(input);
    const wrong = all.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabularySize));
    if (wrong !== undefined) fail(`has the id ${wrong}, expected ids below ${vocabularySize}`);
    const ids = Int32Array.from(all.slice(0, maxTokens));
    // A text that is cut still ends with its special token.
    const last = all[all.length - 1];
    if (this.#setup.tokenizer?.isSpecial(last)) ids[ids.length - 1] = last;
    return { ids, truncated: all.length > maxTokens, skipped: 0 };
  }

  async #run(
    window: readonly Encoded[],
    { texts, offsets }: RaggedBatch,
    signal: AbortSignal | undefined,
  ): Promise<Float32Array[]> {
    const ids = new Int32Array(offsets[texts.length]);
    texts.forEach((text, s) => ids.set(window[text].ids, offsets[s]));
    const symbols = { tokens: ids.length, sequences: texts.length };
    const { pooling } = this.#setup;
    const pooled = texts.map((text): PooledText => ({
      length: window[text].ids.length,
      skipped: window[text].skipped,
    }));
    const inputs = {
      ids,
      offsets,
      ...this.#hasParts && { parts: partsOf(pooling, pooled) },
    };
    const outputs = await this.#instance.run(inputs, { symbols, ...signal && { signal } });
    const sums = expectTensor(outputs, "sums", "i32").data;
    const { dimension } = this;
    const rowOf = (s: number): number => this.#hasParts ? 2 * s + 1 : s;
    return pooled.map((text, s) =>
      pooledVector(
        sums.subarray(rowOf(s) * dimension, (rowOf(s) + 1) * dimension),
        pooling,
        text,
      )
    );
  }
}

/** A vector over its length, in float64. */
function unitOf(row: Float32Array): Float32Array {
  const length = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
  return length === 0 ? row : Float32Array.from(row, (x) => x / length);
}

/** One text or its ids as a list of one. */
function listOf(input: EmbeddingInput | readonly EmbeddingInput[]): readonly EmbeddingInput[] {
  if (typeof input === "string") return [input];
  if (ArrayBuffer.isView(input)) return [input as unknown as ArrayLike<number>];
  if (!Array.isArray(input)) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot embed: expected a text, token ids or an array of them, got ${
        input === null ? "null" : typeof input
      }`,
    );
  }
  return typeof input[0] === "number" ? [input as number[]] : input;
}
