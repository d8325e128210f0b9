/** Tokens as texts, for log probabilities. */
import { Detokenizer } from "../text/detokenizer.ts";
import type { GeneratedToken } from "../text/generation.ts";
import type { TokenLogprob } from "../text/sampler.ts";
import type { Tokenizer } from "../text/tokenizer.ts";

/** What OpenAI's API tells for a token that cannot come, which JSON has no number for. */
const NEVER = -9999;
/** Ids before a token that its text may depend on. */
const CONTEXT = 8;

/** A token and its alternatives as texts. */
export interface NamedToken {
  readonly token: string;
  readonly logprob: number;
  /** UTF-8; null for a token with a part of a character only. */
  readonly bytes: readonly number[] | null;
}

/** The texts of the tokens of one answer, one after the other. */
export class TokenTexts {
  readonly #tokenizer: Tokenizer;
  #context: number[];

  /** @param prompt What the answer follows. */
  constructor(tokenizer: Tokenizer, prompt: ArrayLike<number>) {
    this.#tokenizer = tokenizer;
    this.#context = Array.from(prompt).slice(-CONTEXT);
  }

  /** The next token, and the most probable ones in its place. */
  next({ id, logprob, top = [] }: GeneratedToken): NamedToken & { readonly top: NamedToken[] } {
    const named = { ...this.#named({ id, logprob }), top: top.map((one) => this.#named(one)) };
    this.#context = [...this.#context, id].slice(-CONTEXT);
    return named;
  }

  #named({ id, logprob }: TokenLogprob): NamedToken {
    const token = this.#text(id);
    const isWhole = !token.includes("\ufffd");
    return {
      token,
      logprob: Number.isFinite(logprob) ? logprob : NEVER,
      bytes: isWhole ? Array.from(new TextEncoder().encode(token)) : null,
    };
  }

  /** What it adds to the text; a special token, or a part of a character, by itself. */
  #text(id: number): string {
    if (!this.#tokenizer.isSpecial(id)) {
      const detokenizer = new Detokenizer(this.#tokenizer, { context: this.#context });
      const text = detokenizer.push(id) + detokenizer.flush();
      if (text !== "") return text;
    }
    return this.#tokenizer.decode([id], { cleanUpSpaces: false, lossyBytes: true });
  }
}
