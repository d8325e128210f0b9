/** How much of a text encoder is computed at once. */

/** Sizes of batches. */
export interface BatchLimits {
  /**
   * Tokens of a batch, at most. Default: as many as a text may have. More take more memory and are no
   * faster; fewer cut texts sooner.
   */
  readonly batchTokens?: number;
  /** Texts of a batch, at most. Default 32. */
  readonly batchTexts?: number;
}

/** The load-time symbols of an encoder that these are. */
export function batchSymbols({ batchTokens, batchTexts }: BatchLimits): Record<string, number> {
  return {
    ...batchTokens !== undefined && { max_tokens: batchTokens },
    ...batchTexts !== undefined && { max_sequences: batchTexts },
  };
}
