/** Sentence embeddings from a file or folder. */
import type { LoadOptions } from "../../engines/engine.ts";
import { load } from "../../engines/load.ts";
import { pauseIfDue } from "../../event_loop.ts";
import type { EngineName } from "../../engines/load.ts";
import { encodeProgram } from "../../program/encode.ts";
import { batchSymbols } from "./batch_limits.ts";
import type { BatchLimits } from "./batch_limits.ts";
import { expectTask } from "../program_kind.ts";
import { checkpointFolder, openModel } from "../../checkpoints/sources.ts";
import type { ModelSource } from "../../checkpoints/sources.ts";
import { EmbeddingModel } from "./embedding_model.ts";
import { readEncoderFolder } from "../../checkpoints/encoder_folder.ts";
import { quantizeEncoder } from "../../compile/encoder_folder.ts";

/** Options of {@linkcode TextEmbedder.fromPretrained}. */
export interface EmbedderOptions extends LoadOptions, BatchLimits {
  /** Default `auto`: the fastest that this host has. */
  readonly engine?: EngineName;
}

/**
 * Embeds texts with a sentence encoder.
 *
 * @example
 * ```ts
 * import { TextEmbedder } from "@fewbit/fewbit";
 *
 * using embedder = await TextEmbedder.fromPretrained("minilm.fewbit");
 * const { rows: [a, b] } = await embedder.embed(["How old are you?", "What is your age?"]);
 * console.log(embedder.similarity(a, b));
 * ```
 */
export class TextEmbedder extends EmbeddingModel {
  /**
   * Loads an encoder.
   *
   * @param source A `model.fewbit`: path, URL, bytes, stream or response; or a folder of
   * sentence-transformers with config.json, tokenizer.json and float weights, which are quantised first
   * with scales that ship, if there are any for these weights.
   * @throws {FewbitError} `not_found`, `invalid_file`, `limit_exceeded`, or `unsupported`: also for a
   * folder whose weights no scales ship for.
   */
  static async fromPretrained(
    source: ModelSource,
    options: EmbedderOptions = {},
  ): Promise<TextEmbedder> {
    options.signal?.throwIfAborted();
    const symbols = { ...batchSymbols(options), ...options.symbols };
    const instance = await load(await open(source, options.signal), {
      onProgram: expectTask("sentence-embedding", "Cannot embed"),
      ...options,
      symbols,
    });
    try {
      await pauseIfDue(options.signal);
      return new TextEmbedder(instance);
    } catch (error) {
      instance[Symbol.dispose]();
      throw error;
    }
  }
}

async function open(
  source: ModelSource,
  signal: AbortSignal | undefined,
): ReturnType<typeof openModel> {
  const directory = await checkpointFolder(source);
  if (directory === undefined) return await openModel(source, signal);
  const program = await quantizeEncoder(await readEncoderFolder(directory), {
    name: directory,
    ...signal && { signal },
  });
  signal?.throwIfAborted();
  return await encodeProgram(program, { signal });
}
