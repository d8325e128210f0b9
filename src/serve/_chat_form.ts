/** The answers of `/v1/chat/completions`. */
import type { TextPiece } from "../pipelines/text/text_piece.ts";
import type { AnswerForm, AnswerNames } from "./_answer_form.ts";
import type { TokenTexts } from "./_token_texts.ts";

/** What the endpoint calls its answers. */
export const CHAT_NAMES: AnswerNames = {
  idPrefix: "chatcmpl",
  whole: "chat.completion",
  chunk: "chat.completion.chunk",
};

/** An answer as a message. */
export class ChatForm implements AnswerForm {
  readonly #index: number;
  readonly #tokens: TokenTexts | undefined;
  readonly #alternatives: number;
  #hasBegun = false;

  constructor(index: number, tokens: TokenTexts | undefined, alternatives: number) {
    this.#index = index;
    this.#tokens = tokens;
    this.#alternatives = alternatives;
  }

  whole(piece: TextPiece): object {
    return {
      index: this.#index,
      message: { role: "assistant", content: piece.text, refusal: null },
      logprobs: this.#logprobs(piece),
      finish_reason: piece.finishReason ?? null,
    };
  }

  /** The first one says who speaks, the last one why the answer ended, those between have the text. */
  chunks(piece: TextPiece): object[] {
    const choice = (delta: object, reason: string | null, logprobs: object | null): object => ({
      index: this.#index,
      delta,
      logprobs,
      finish_reason: reason,
    });
    const chunks: object[] = [];
    if (!this.#hasBegun) {
      chunks.push(choice({ role: "assistant", content: "", refusal: null }, null, null));
    }
    this.#hasBegun = true;
    const logprobs = this.#logprobs(piece);
    if (piece.text !== "" || (piece.tokens?.length ?? 0) > 0) {
      chunks.push(choice({ content: piece.text }, null, logprobs));
    }
    if (piece.finishReason !== undefined) chunks.push(choice({}, piece.finishReason, null));
    return chunks;
  }

  #logprobs({ tokens = [] }: TextPiece): object | null {
    const texts = this.#tokens;
    if (texts === undefined) return null;
    const content = tokens.map((token) => {
      const { top, ...named } = texts.next(token);
      return { ...named, top_logprobs: top.slice(0, this.#alternatives) };
    });
    return { content, refusal: null };
  }
}
