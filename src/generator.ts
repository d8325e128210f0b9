/**
 * The small entry for language models: loads compiled ones and writes text, in conversations. No
 * compiler, no file system, no dependency; works in Deno, Node, Bun, browsers and workerd.
 *
 * @example
 * ```ts
 * import { loadGenerator } from "@fewbit/fewbit/generator";
 *
 * using lm = await loadGenerator(await fetch("https://example.com/hgrn-bit-shakespeare.fewbit"));
 * for await (const { text } of lm.generate("ROMEO:", { seed: 1, maxTokens: 20 })) console.log(text);
 * ```
 *
 * @module
 */
import { GenerationModel } from "./pipelines/text/generation_model.ts";
import { sessionSymbols } from "./pipelines/text/session_limits.ts";
import type { SessionLimits } from "./pipelines/text/session_limits.ts";
import { expectTask } from "./pipelines/program_kind.ts";
import { load } from "./runtime.ts";
import type { ProgramSource, RuntimeLoadOptions } from "./runtime.ts";

/** Options of {@linkcode loadGenerator}. */
export interface LoadGeneratorOptions extends RuntimeLoadOptions, SessionLimits {}

/**
 * Loads a compiled language model. A stream goes into place as it comes.
 *
 * @param source The bytes of a `model.fewbit` file, a `Response`, `Blob` or stream of them.
 * @throws {FewbitError} Where the file is damaged, no language model, or larger than the limits.
 */
export async function loadGenerator(
  source: ProgramSource,
  options: LoadGeneratorOptions = {},
): Promise<GenerationModel> {
  const instance = await load(source, {
    onProgram: expectTask("text-generation", "Cannot generate text"),
    ...options,
    symbols: { ...sessionSymbols(options), ...options.symbols },
  });
  try {
    return new GenerationModel(instance);
  } catch (error) {
    instance[Symbol.dispose]();
    throw error;
  }
}

export { GenerationModel } from "./pipelines/text/generation_model.ts";
export type { Prompt } from "./pipelines/text/generation_model.ts";
export type { SessionLimits } from "./pipelines/text/session_limits.ts";
export { TextSession } from "./pipelines/text/text_session.ts";
export type { ChatAnswerOptions, GenerateOptions } from "./pipelines/text/text_session.ts";
export type { TextPiece, Usage } from "./pipelines/text/text_piece.ts";
export type { GeneratedToken, GenerationOptions, GenerationSetup } from "./text/generation.ts";
export type { Perplexity, PerplexityOptions } from "./pipelines/text/perplexity.ts";
export type { TokenLogprob } from "./text/sampler.ts";
export type { TokenConstraint } from "./text/token_constraint.ts";
export type { SamplingOptions } from "./text/sampling_options.ts";
export type { ChatMessage, ChatOptions } from "./text/chat_template.ts";
export { Tokenizer } from "./text/tokenizer.ts";
export type * from "./text/tokenizer.ts";
export { FewbitError, fromModule, readParts } from "./runtime.ts";
export type * from "./runtime.ts";
