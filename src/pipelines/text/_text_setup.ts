/** What the metadata of a language model say. */
import type { GenerationDefaults } from "../../compile/text_metadata.ts";
import { FewbitError } from "../../errors.ts";
import type { Metadata } from "../../program/program.ts";
import type { ChatEncoder } from "../../text/chat_encoder.ts";
import type { ChatMessage, ChatOptions } from "../../text/chat_template.ts";
import type { GenerationSetup } from "../../text/generation.ts";
import { samplingOptions } from "../../text/sampling_options.ts";
import { Tokenizer } from "../../text/tokenizer.ts";

/** What a generator takes from the metadata of a program. */
export interface TextSetup extends GenerationSetup {
  /** Id that begins a text. */
  readonly beginId?: number;
  /** A conversation as ids; see `GenerationModel.encodeChat`. */
  readonly encodeChat: (
    messages: readonly ChatMessage[],
    options: ChatOptions,
  ) => Promise<Int32Array>;
}

/**
 * Reads the metadata of a program, which may be hostile.
 *
 * @throws {FewbitError} `invalid_file` where they are not what the compiler writes.
 */
export function textSetup(metadata: Metadata, vocabularySize: number): TextSetup {
  const fail = (why: string, cause?: unknown): never => {
    throw new FewbitError("invalid_file", `Cannot generate text: the model's metadata: ${why}`, {
      cause,
    });
  };
  const generation = (metadata.generation ?? {}) as Partial<GenerationDefaults>;
  if (typeof generation !== "object") fail("generation is no object");
  const { bosTokenId, eosTokenIds = [], doSample } = generation;
  const isId = (id: unknown): id is number =>
    Number.isInteger(id) && id as number >= 0 && id as number < vocabularySize;
  if (bosTokenId !== undefined && !isId(bosTokenId)) fail("bosTokenId is no id");
  if (!Array.isArray(eosTokenIds) || !eosTokenIds.every(isId)) fail("eosTokenIds are no ids");
  try {
    const tokenizer = metadata.tokenizer === undefined
      ? undefined
      : Tokenizer.fromJson(metadata.tokenizer, metadata.tokenizerConfig ?? {});
    return {
      ...tokenizer && { tokenizer },
      encodeChat: chatEncoding(tokenizer),
      ...bosTokenId !== undefined && { beginId: bosTokenId },
      endIds: eosTokenIds,
      defaults: defaultsOf(generation, doSample === false),
    };
  } catch (cause) {
    if (!(cause instanceof FewbitError)) throw cause;
    return fail(cause.message, cause);
  }
}

/** Encodes conversations. */
function chatEncoding(tokenizer: Tokenizer | undefined): TextSetup["encodeChat"] {
  let encoder: ChatEncoder | undefined;
  return async (messages, options) => {
    if (encoder === undefined) {
      // A quarter of the small entry, for those who chat: bundlers make a file of its own of it.
      const { ChatEncoder } = await import("../../text/chat_encoder.ts");
      encoder = new ChatEncoder(requireTokenizer(tokenizer));
    }
    return encoder.encode(messages, options);
  };
}

function defaultsOf(
  generation: Partial<GenerationDefaults>,
  greedy: boolean,
): TextSetup["defaults"] {
  const { temperature, topK, topP, repetitionPenalty, maxNewTokens } = generation;
  const sampling = {
    ...greedy ? { temperature: 0 } : temperature !== undefined && { temperature },
    ...topK !== undefined && { topK },
    ...topP !== undefined && { topP },
    ...repetitionPenalty !== undefined && { repetitionPenalty },
  };
  samplingOptions(sampling);
  return { ...sampling, ...maxNewTokens !== undefined && { maxTokens: maxNewTokens } };
}

/** The text side of a model, where it has one. */
export function requireTokenizer(tokenizer: Tokenizer | undefined): Tokenizer {
  if (tokenizer !== undefined) return tokenizer;
  throw new FewbitError("unsupported", "The model came without a tokenizer: give token ids");
}
