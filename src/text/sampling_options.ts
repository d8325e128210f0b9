import { FewbitError } from "../errors.ts";

/**
 * How the next token is chosen. In the order of Hugging Face's `generate`: repetition penalty,
 * temperature, top-k, top-p, min-p.
 */
export interface SamplingOptions {
  /** Logits are divided by it; 0 takes the largest. From 0 to 100, default 1. */
  readonly temperature?: number;
  /** Only the k largest, of equal ones the lowest ids. An integer of at least 0, default 0: all. */
  readonly topK?: number;
  /**
   * Only the smallest set of the most probable tokens with at least this probability; one at the least.
   * Greater than 0, at most 1, default 1: all.
   */
  readonly topP?: number;
  /** Only tokens at least this many times as probable as the most probable. 0 to 1, default 0: all. */
  readonly minP?: number;
  /**
   * Positive logits of the last 64 ids are divided by it, negative ones multiplied. Greater than 0, at
   * most 100, default 1: no penalty.
   */
  readonly repetitionPenalty?: number;
  /** How many alternatives to report with their log probabilities. An integer from 0 to 100, default 0. */
  readonly logprobs?: number;
}

/** Which values of an option are valid, and how the message says so. */
const RANGES: Readonly<
  Record<keyof SamplingOptions, readonly [isValid: (x: number) => boolean, text: string]>
> = {
  temperature: [(x) => x >= 0 && x <= 100, "a number from 0 to 100"],
  topK: [(x) => Number.isSafeInteger(x) && x >= 0, "an integer of at least 0"],
  topP: [(x) => x > 0 && x <= 1, "a number greater than 0 and at most 1"],
  minP: [(x) => x >= 0 && x <= 1, "a number from 0 to 1"],
  repetitionPenalty: [(x) => x > 0 && x <= 100, "a number greater than 0 and at most 100"],
  logprobs: [(x) => Number.isInteger(x) && x >= 0 && x <= 100, "an integer from 0 to 100"],
};

/** The options with defaults. Throws `invalid_argument` for a value outside its range. */
export function samplingOptions(options: SamplingOptions): Required<SamplingOptions> {
  const { temperature = 1, topK = 0, topP = 1, minP = 0, repetitionPenalty = 1, logprobs = 0 } =
    options;
  const all = { temperature, topK, topP, minP, repetitionPenalty, logprobs };
  for (const [name, value] of Object.entries(all)) {
    const [isValid, expected] = RANGES[name as keyof SamplingOptions];
    if (typeof value === "number" && isValid(value)) continue;
    const given = typeof value === "number" ? value : typeof value;
    throw new FewbitError(
      "invalid_argument",
      `Cannot sample: ${name} is ${given}, expected ${expected}`,
    );
  }
  return all;
}
