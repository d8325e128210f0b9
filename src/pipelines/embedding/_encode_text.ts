/** The first tokens of texts that may be very long. */
import type { Tokenizer, TokenizerEncoding } from "../../text/tokenizer.ts";

/** UTF-16 code units a token that are tried first. */
const UNITS_PER_TOKEN = 16;

/** Tokens beyond those that are kept, so that what is kept cannot depend on where the text was cut. */
const MARGIN = 8;

/**
 * Ids of a text, at most `maxTokens`. Only as much of the text is tokenised as it takes, which a
 * WordPiece tokenizer that splits at spaces allows: its tokens do not depend on the words behind them.
 * What is tokenised ends before a space.
 *
 * @param isLocal Whether the tokenizer is of this kind; of others the whole text is tokenised.
 */
export function encodeStart(
  tokenizer: Tokenizer,
  text: string,
  maxTokens: number,
  isLocal: boolean,
): Pick<TokenizerEncoding, "ids" | "truncated"> {
  let units = UNITS_PER_TOKEN * maxTokens;
  for (; isLocal && units < text.length; units *= 4) {
    const end = text.lastIndexOf(" ", units);
    if (end <= 0) continue;
    const encoding = tokenizer.encode(text.slice(0, end), { maxTokens });
    if (encoding.tokens >= maxTokens + MARGIN) return encoding;
  }
  return tokenizer.encode(text, { maxTokens });
}

/** Whether tokens never depend on later words: BERT's normaliser, pre-tokenizer and WordPiece. */
export function isLocalTokenizer(tokenizerJson: unknown): boolean {
  const typeOf = (section: unknown): unknown =>
    typeof section === "object" && section !== null
      ? (section as { type?: unknown }).type
      : section;
  const { model, normalizer, pre_tokenizer } = tokenizerJson as Record<string, unknown>;
  return typeOf(model) === "WordPiece" && typeOf(normalizer) === "BertNormalizer" &&
    typeOf(pre_tokenizer) === "BertPreTokenizer";
}
