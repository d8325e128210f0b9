/** What a scheduler asks of a network: sessions, and runs that read ids of several of them. */
import type { IntegerDraw } from "../../text/integer_draw.ts";

/** The ids of one session in a run of several. */
export interface BatchPart {
  /** The session. */
  readonly slot: number;
  /** How many ids it has had. */
  readonly past: number;
  /** At least one, but for a session of nothing but a prefix, whose `past` is the prefix then. */
  readonly ids: Int32Array;
  /** Whether the logits behind the last id are wanted. */
  readonly wanted: boolean;
}

/** Draws ids by logits in integers. */
export interface BatchSampler {
  /**
   * Draws an id.
   *
   * @param allowed Bit `id mod 32` of word `id >> 5` allows an id. Default: all are.
   */
  draw(logits: Float32Array, draw: IntegerDraw, allowed?: Int32Array): Promise<number>;
}

/** A network that reads ids of several sessions in one run. */
export interface BatchModel {
  /** Sessions that there is memory for. */
  readonly sessions: number;
  /** Most tokens of a session. */
  readonly context: number;
  /** Most tokens of a run. */
  readonly maxTokens: number;
  /** Most sessions of a run, each with logits. */
  readonly maxSequences: number;
  /** What it keeps of a text: where that is a row for each token, a smaller `past` takes a session back. */
  readonly memory: { readonly kind: "rows" | "ring" | "recurrent" };
  /** Where the program draws ids itself. */
  readonly sampler?: BatchSampler | undefined;
  /**
   * Takes a session.
   *
   * @throws {FewbitError} `limit_exceeded` where all are in use.
   */
  takeSlot(): number;
  /** Gives a session back. */
  freeSlot(slot: number): void;
  /**
   * What a session that begins with some ids has to read, and how much there is before.
   *
   * @throws {FewbitError} `limit_exceeded` for more than the context, `invalid_argument` for what is no id.
   */
  begin(ids: Int32Array): { readonly past: number; readonly ids: Int32Array };
  /**
   * Reads ids of several sessions in one run, at most `maxTokens` of `maxSequences`.
   *
   * @returns The logits behind the last id of each part that wants them, else nothing.
   */
  readBatch(parts: readonly BatchPart[]): Promise<(Float32Array | undefined)[]>;
}
