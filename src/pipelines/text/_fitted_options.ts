import { DEFAULT_MAX_TOKENS } from "../../text/generation.ts";
import type { GenerationOptions, GenerationSetup } from "../../text/generation.ts";

const MAX_SEED = 2 ** 32;

/** How long a conversation is when an answer begins. */
interface Lengths {
  /** Tokens before the prompt. */
  readonly before: number;
  /** Tokens with it. */
  readonly after: number;
  /** Most tokens. */
  readonly context: number;
}

/**
 * Options with a seed where a conversation begins, and fewer tokens where the context has no room for more: all
 * but the last are read.
 */
export function fittedOptions(
  options: GenerationOptions,
  { defaults }: GenerationSetup,
  { before, after, context }: Lengths,
): GenerationOptions {
  const wanted = options.maxTokens ?? defaults.maxTokens ?? DEFAULT_MAX_TOKENS;
  const room = Math.max(context - after, 0) + 1;
  return {
    ...options,
    ...before === 0 && { seed: options.seed ?? randomSeed() },
    ...room < wanted && { maxTokens: room },
  };
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] % MAX_SEED;
}
