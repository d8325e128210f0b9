/**
 * The small entry for sentence embeddings: loads and runs compiled encoders. No compiler, no file
 * system, no dependency; works in Deno, Node, Bun, browsers and workerd.
 *
 * @example
 * ```ts
 * import { loadEmbedder } from "@fewbit/fewbit/embedder";
 *
 * using embedder = await loadEmbedder(await fetch("https://example.com/minilm.fewbit"));
 * const { rows } = await embedder.embed(["a text", "another one"]);
 * console.log(embedder.similarity(rows[0], rows[1]));
 * ```
 *
 * @module
 */
import { batchSymbols } from "./pipelines/embedding/batch_limits.ts";
import type { BatchLimits } from "./pipelines/embedding/batch_limits.ts";
import { expectTask } from "./pipelines/program_kind.ts";
import { EmbeddingModel } from "./pipelines/embedding/embedding_model.ts";
import { load } from "./runtime.ts";
import type { ProgramSource, RuntimeLoadOptions } from "./runtime.ts";

/** Options of {@linkcode loadEmbedder}. */
export interface LoadEmbedderOptions extends RuntimeLoadOptions, BatchLimits {}

/**
 * Loads a compiled sentence encoder. A stream goes into place as it comes.
 *
 * @param source The bytes of a `model.fewbit` file, a `Response`, `Blob` or stream of them.
 * @throws {FewbitError} Where the file is damaged, no sentence encoder, or larger than the limits.
 */
export async function loadEmbedder(
  source: ProgramSource,
  options: LoadEmbedderOptions = {},
): Promise<EmbeddingModel> {
  const symbols = { ...batchSymbols(options), ...options.symbols };
  const instance = await load(source, {
    onProgram: expectTask("sentence-embedding", "Cannot embed"),
    ...options,
    symbols,
  });
  try {
    return new EmbeddingModel(instance);
  } catch (error) {
    instance[Symbol.dispose]();
    throw error;
  }
}

export { EmbeddingModel } from "./pipelines/embedding/embedding_model.ts";
export type {
  EmbeddingInput,
  Embeddings,
  EmbedOptions,
} from "./pipelines/embedding/embedding_model.ts";
export type { BatchLimits } from "./pipelines/embedding/batch_limits.ts";
export type { Similarity } from "./models/sentence_config.ts";
export { EMBEDDING_FORMATS, toEmbeddingFormat } from "./pipelines/embedding/embedding_format.ts";
export type {
  Embedding,
  EmbeddingFormat,
  EmbeddingRows,
} from "./pipelines/embedding/embedding_format.ts";
export { Tokenizer } from "./text/tokenizer.ts";
export type * from "./text/tokenizer.ts";
export { FewbitError, fromModule, readParts } from "./runtime.ts";
export type * from "./runtime.ts";
