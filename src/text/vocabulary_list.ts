/**
 * WordPiece vocabularies as lists: where the ids are 0, 1, 2, …, the place of a piece is its id, and a
 * file needs not say it. Unigram vocabularies are lists in tokenizer.json already.
 *
 * @module
 */

type Json = Readonly<Record<string, unknown>>;

/** A tokenizer.json whose WordPiece vocabulary is a list, if its ids allow that. */
export function listVocabulary(tokenizer: Json): Json {
  const model = wordPieceOf(tokenizer);
  if (model === undefined || Array.isArray(model.vocab)) return tokenizer;
  const pieces = Object.entries(model.vocab as Readonly<Record<string, number>>)
    .sort(([, a], [, b]) => a - b);
  if (!pieces.every(([, id], i) => id === i)) return tokenizer;
  return { ...tokenizer, model: { ...model, vocab: pieces.map(([piece]) => piece) } };
}

/** The opposite of {@linkcode listVocabulary}; anything else is returned as it is. */
export function expandVocabulary(tokenizer: unknown): unknown {
  if (typeof tokenizer !== "object" || tokenizer === null) return tokenizer;
  const model = wordPieceOf(tokenizer as Json);
  if (model === undefined || !Array.isArray(model.vocab)) return tokenizer;
  const vocab = Object.fromEntries(model.vocab.map((piece, id) => [piece, id]));
  return { ...tokenizer, model: { ...model, vocab } };
}

function wordPieceOf({ model }: Json): Json | undefined {
  if (typeof model !== "object" || model === null) return undefined;
  const { type, vocab } = model as Json;
  return type === "WordPiece" && typeof vocab === "object" && vocab !== null
    ? model as Json
    : undefined;
}
