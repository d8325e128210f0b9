import type { Budget } from "../../budget.ts";

/** What makes ids of the pieces that are left of a text. */
export interface Model {
  /** Tokens and their ids. */
  readonly vocab: ReadonlyMap<string, number>;
  /** The id of the token for what the vocabulary lacks. */
  readonly unknown: number | undefined;
  /** Appends the ids of a piece; throws `invalid_file` if it needs an unknown token and there is none. */
  encode(piece: string, ids: number[], budget: Budget): void;
}
