/** Text generation with a language model, wherever it is. */
import type { LoadOptions } from "../../engines/engine.ts";
import { load } from "../../engines/load.ts";
import type { EngineName } from "../../engines/load.ts";
import { pauseIfDue } from "../../event_loop.ts";
import { shippedFile } from "../../checkpoints/shipped_files.ts";
import type { ModelSource } from "../../checkpoints/sources.ts";
import { expectTask } from "../program_kind.ts";
import { openTextModel } from "./_open_text_model.ts";
import { GenerationModel } from "./generation_model.ts";
import { sessionSymbols } from "./session_limits.ts";
import type { SessionLimits } from "./session_limits.ts";

/** Options of {@linkcode TextGenerator.fromPretrained}. */
export interface GeneratorOptions extends LoadOptions, SessionLimits {
  /** Default `auto`: the fastest that this host has. */
  readonly engine?: EngineName;
}

/**
 * Generates text with a language model.
 *
 * @example
 * ```ts
 * import { TextGenerator } from "@fewbit/fewbit";
 *
 * using lm = await TextGenerator.fromPretrained();
 * for await (const { text } of lm.generate("ROMEO:", { maxTokens: 50, seed: 1 })) {
 *   console.log(text);
 * }
 * ```
 */
export class TextGenerator extends GenerationModel {
  /**
   * Loads a model.
   *
   * @param source A `model.fewbit`: path, URL, bytes or stream; or a folder with config.json,
   * safetensors and tokenizer.json, a GGUF file, or a model of llama2.c, which is compiled first.
   * Default: the small model that ships, of Shakespeare's plays.
   * @throws {FewbitError} `not_found`, `invalid_file`, `unsupported` or `limit_exceeded`.
   */
  static async fromPretrained(
    source: ModelSource = shippedFile("hgrn-bit-shakespeare.fewbit"),
    options: GeneratorOptions = {},
  ): Promise<TextGenerator> {
    const { sessions, parallel, chunkSize, context, symbols, ...rest } = options;
    options.signal?.throwIfAborted();
    const opened = await openTextModel(source, options.signal);
    const instance = await load(opened, {
      onProgram: expectTask("text-generation", "Cannot generate text"),
      ...rest,
      symbols: { ...sessionSymbols({ sessions, parallel, chunkSize, context }), ...symbols },
    });
    try {
      await pauseIfDue(options.signal);
      return new TextGenerator(instance);
    } catch (error) {
      instance[Symbol.dispose]();
      throw error;
    }
  }
}
