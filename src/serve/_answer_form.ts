/** How answers look on the wire: the part in which the two endpoints differ. */
import type { TextPiece } from "../pipelines/text/text_piece.ts";
import type { TokenTexts } from "./_token_texts.ts";

/** One of the answers of a request, which is written piece by piece, or as one piece. */
export interface AnswerForm {
  /** The choice of an answer that comes at once. */
  whole(piece: TextPiece): object;
  /** The choices of the chunks for a piece. */
  chunks(piece: TextPiece): object[];
}

/** Makes the form of an answer. */
export type NewAnswerForm = (
  index: number,
  /** Where log probabilities are wanted. */
  tokens: TokenTexts | undefined,
) => AnswerForm;

/** What an endpoint calls its answers. */
export interface AnswerNames {
  readonly idPrefix: string;
  readonly whole: string;
  readonly chunk: string;
}
