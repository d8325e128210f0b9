import type { Tokenizer } from "./tokenizer.ts";

/**
 * How many ids are kept. An incomplete UTF-8 sequence is at most 3 bytes, so at most 3 tokens, and
 * the token before them settles whether a word begins.
 */
const WINDOW = 8;
const REPLACEMENT = "\ufffd";

/** What a {@linkcode Detokenizer} may be told. */
export interface DetokenizerOptions {
  /** Leave special tokens out of the text. Default true. */
  readonly skipSpecialTokens?: boolean;
  /**
   * The ids of the text before, which is not handed out again: after a prompt, the first word of the
   * answer begins with its space. Only the last 8 that have text matter. Default none: a text begins.
   */
  readonly context?: Iterable<number>;
  /** Continue a saved text; then there is no `context`. */
  readonly state?: DetokenizerState;
}

/** All there is to save of a {@linkcode Detokenizer}. */
export interface DetokenizerState {
  /** The last ids that have text, at most 8. */
  readonly ids: readonly number[];
  /** Whether their text ends in a U+FFFD that is held back. */
  readonly held: boolean;
}

/**
 * Turns ids into text one at a time. What a token adds is the difference between the decodings of the
 * last few ids without it and with it: a constant amount of work, and at most 8 ids of state. A U+FFFD
 * at the end may be the beginning of a character whose other bytes follow; it is held back until the
 * next token or the end decides. Joined, the pieces are the text of `decode` (with
 * `cleanUpSpaces: false`, because cleaning up would change text already handed out, and `lossyBytes: true`).
 *
 * @example
 * ```ts
 * import { Detokenizer } from "@fewbit/fewbit";
 * import type { Tokenizer } from "@fewbit/fewbit";
 *
 * function print(tokenizer: Tokenizer, prompt: Iterable<number>, answer: Iterable<number>) {
 *   const detokenizer = new Detokenizer(tokenizer, { context: prompt });
 *   for (const id of answer) console.log(detokenizer.push(id));
 *   console.log(detokenizer.flush());
 * }
 * ```
 */
export class Detokenizer {
  readonly #tokenizer: Tokenizer;
  readonly #skipSpecialTokens: boolean;
  #ids: number[] = [];
  #held: boolean;

  /** Starts a text, or continues one. */
  constructor(tokenizer: Tokenizer, options: DetokenizerOptions = {}) {
    const { skipSpecialTokens = true, context = [], state } = options;
    this.#tokenizer = tokenizer;
    this.#skipSpecialTokens = skipSpecialTokens;
    this.#held = state?.held ?? false;
    for (const id of state?.ids ?? context) this.#append(id);
  }

  /** What to save. */
  get state(): DetokenizerState {
    return { ids: this.#ids, held: this.#held };
  }

  /** Takes an id; gives the text that is certain now, which may be empty. */
  push(id: number): string {
    const before = this.#ids;
    if (!this.#append(id)) return "";
    const handedOut = this.#decode(before).length - (this.#held ? 1 : 0);
    // One id longer than the window, so that both decodings begin with the same token.
    const text = this.#decode([...before, id]);
    // Decoders write one U+FFFD for an incomplete sequence at the end; those before it are certain.
    this.#held = text.endsWith(REPLACEMENT);
    return text.slice(handedOut, this.#held ? -1 : undefined);
  }

  /** The text has ended: what is held back. The next id begins another text. */
  flush(): string {
    const text = this.#held ? REPLACEMENT : "";
    this.#ids = [];
    this.#held = false;
    return text;
  }

  /** Whether the id has text. Ids without any could push an incomplete sequence out of the window. */
  #append(id: number): boolean {
    if (this.#skipSpecialTokens && this.#tokenizer.isSpecial(id)) return false;
    if (!this.#tokenizer.idToToken(id)) return false;
    this.#ids = [...this.#ids, id].slice(-WINDOW);
    return true;
  }

  #decode(ids: readonly number[]): string {
    return this.#tokenizer.decode(ids, { cleanUpSpaces: false, lossyBytes: true });
  }
}
