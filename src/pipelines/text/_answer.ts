import type { Generation } from "../../text/generation.ts";
import type { TokenConstraint } from "../../text/token_constraint.ts";
import type { Usage } from "./text_piece.ts";

/** An answer that is about to begin. */
export interface Answer {
  /** How the text goes on. */
  readonly generation: Generation;
  /** What is read first. */
  readonly ids: Int32Array;
  readonly constraint: TokenConstraint | undefined;
  readonly signal: AbortSignal;
  readonly usage: Pick<Usage, "promptTokens" | "cachedTokens">;
}
