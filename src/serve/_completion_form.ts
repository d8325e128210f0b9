/** The answers of `/v1/completions`. */
import type { TextPiece } from "../pipelines/text/text_piece.ts";
import type { AnswerForm, AnswerNames } from "./_answer_form.ts";
import type { NamedToken, TokenTexts } from "./_token_texts.ts";

/** What the endpoint calls its answers. */
export const COMPLETION_NAMES: AnswerNames = {
  idPrefix: "cmpl",
  whole: "text_completion",
  chunk: "text_completion",
};

/** An answer as a text. */
export class CompletionForm implements AnswerForm {
  readonly #index: number;
  readonly #tokens: TokenTexts | undefined;
  readonly #alternatives: number;
  /** UTF-16 code units of the tokens so far. */
  #offset = 0;

  constructor(index: number, tokens: TokenTexts | undefined, alternatives: number) {
    this.#index = index;
    this.#tokens = tokens;
    this.#alternatives = alternatives;
  }

  whole(piece: TextPiece): object {
    return {
      index: this.#index,
      text: piece.text,
      logprobs: this.#logprobs(piece),
      finish_reason: piece.finishReason ?? null,
    };
  }

  chunks(piece: TextPiece): object[] {
    return [this.whole(piece)];
  }

  #logprobs({ tokens = [] }: TextPiece): object | null {
    const texts = this.#tokens;
    if (texts === undefined) return null;
    const named = tokens.map((token) => texts.next(token));
    return {
      tokens: named.map(({ token }) => token),
      token_logprobs: named.map(({ logprob }) => logprob),
      top_logprobs: this.#alternatives === 0 ? null : named.map((one) => this.#alternativesOf(one)),
      text_offset: named.map(({ token }) => {
        const offset = this.#offset;
        this.#offset += token.length;
        return offset;
      }),
    };
  }

  /** The most probable tokens, and the one that was chosen. */
  #alternativesOf(chosen: NamedToken & { readonly top: NamedToken[] }): Record<string, number> {
    const all = [...chosen.top.slice(0, this.#alternatives), chosen];
    return Object.fromEntries(all.map(({ token, logprob }) => [token, logprob]));
  }
}
