/** What a generator hands out. */
import type { GeneratedToken, GenerationStep } from "../../text/generation.ts";

/** How much was read and written. */
export interface Usage {
  /** Tokens of the prompt. */
  readonly promptTokens: number;
  /** How many of them the session had read before, where the prompt was a whole conversation. */
  readonly cachedTokens?: number;
  /** Tokens of the answer, the one that ended it included. */
  readonly completionTokens: number;
  /** Milliseconds until the prompt was read. */
  readonly promptMs: number;
  /** Milliseconds from then on. */
  readonly completionMs: number;
}

/** A piece of the answer. The last one has a reason and the usage, and maybe no text. */
export interface TextPiece {
  /** Text that is certain: whole characters, no part of a stop string. */
  readonly text: string;
  /** Ids since the last piece. */
  readonly ids: readonly number[];
  /** With the option `logprobs`: for each of the ids. */
  readonly tokens?: readonly GeneratedToken[];
  /** `stop` at a stop string or an end of text, `length` after `maxTokens`. */
  readonly finishReason?: "stop" | "length";
  /** With the last piece. */
  readonly usage?: Usage;
}

/** The piece of some steps, which may have no text but the last. */
export function textPiece(steps: readonly GenerationStep[], usage?: Usage): TextPiece {
  const tokens = steps.flatMap(({ token }) => token ?? []);
  const finishReason = steps.at(-1)?.finishReason;
  return {
    text: steps.map(({ text }) => text).join(""),
    ids: steps.map(({ id }) => id),
    ...tokens.length > 0 && { tokens },
    ...finishReason && { finishReason },
    ...usage && { usage },
  };
}
