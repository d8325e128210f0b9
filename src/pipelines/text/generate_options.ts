/** What callers may say about an answer. */
import type { ChatOptions } from "../../text/chat_template.ts";
import type { GenerationOptions } from "../../text/generation.ts";
import type { TokenConstraint } from "../../text/token_constraint.ts";

/**
 * Options of generating. What is left out is as the model's generation_config.json has it. A model with
 * attention ends for `length` where its context is full.
 */
export interface GenerateOptions extends GenerationOptions {
  /** Stops with its reason, within some milliseconds. */
  readonly signal?: AbortSignal;
  /** Which ids may come next, such as those of a grammar. Made for this answer. Default: all. */
  readonly constraint?: TokenConstraint;
}

/** Options of an answer to messages. */
export interface ChatAnswerOptions extends GenerateOptions, ChatOptions {}
