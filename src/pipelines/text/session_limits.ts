/** How many conversations a language model has memory for, and how long they get. */

/** Limits that memory is planned for when a language model is loaded. */
export interface SessionLimits {
  /** Conversations that there is memory for. Default 1. */
  readonly sessions?: number | undefined;
  /**
   * Most tokens of a conversation with a model that has attention. Default: the model's, at most 2048; more
   * take more memory.
   */
  readonly context?: number | undefined;
  /** Conversations that one run goes on with, for a `TextScheduler`. Default 1. */
  readonly parallel?: number | undefined;
  /** Tokens of a prompt that are read at once. Default 256; fewer take less memory. */
  readonly chunkSize?: number | undefined;
}

/** Rows of logits at once. */
const MAX_ROWS = 64;

/** The limits as load-time symbols of a program. */
export function sessionSymbols(
  { sessions = 1, parallel = 1, chunkSize = 256, context }: SessionLimits,
): Record<string, number> {
  return {
    max_tokens: chunkSize,
    max_rows: Math.max(MAX_ROWS, parallel),
    ...parallel > 1 && { max_sequences: parallel },
    sessions,
    ...context !== undefined && { context },
  };
}
