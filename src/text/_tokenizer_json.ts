import { FewbitError } from "../errors.ts";

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** Larger than any vocabulary in use; what follows an id is never as long as a file claims. */
const MAX_ID = 2 ** 24 - 1;

const MAX_WORD = 1000;

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An `invalid_file` error about tokenizer.json. */
export function invalid(what: string, options?: ErrorOptions): FewbitError {
  return new FewbitError("invalid_file", `Cannot read tokenizer.json: ${what}`, options);
}

/**
 * Checks what the library takes on trust: that there is a model with a vocabulary, and that ids are
 * integers from 0 to 2^24 − 1, none of them twice in the vocabulary.
 */
export function checkTokenizer(tokenizer: unknown): Json {
  if (!isObject(tokenizer)) throw invalid("it is not an object");
  const { model, added_tokens = [] } = tokenizer;
  if (!isObject(model)) throw invalid("it has no model");
  if (Array.isArray(model.vocab)) checkPieces(model.vocab, model.unk_id);
  else if (isObject(model.vocab)) checkIds(Object.entries(model.vocab));
  else throw invalid("its model has no vocab");
  // The library's WordPiece takes cubic time in the length of a word.
  const { max_input_chars_per_word: longest = 100 } = model;
  if (!(Number.isInteger(longest) && longest as number > 0 && longest as number <= MAX_WORD)) {
    throw invalid(
      `max_input_chars_per_word is ${longest}, expected an integer from 1 to ${MAX_WORD}`,
    );
  }
  if (!Array.isArray(added_tokens)) throw invalid("added_tokens is not an array");
  checkIds(Array.from(added_tokens, (token) => {
    if (isObject(token) && typeof token.content === "string") return [token.content, token.id];
    throw invalid("an added token has no content");
  }));
  checkPatterns([tokenizer.normalizer, tokenizer.pre_tokenizer, tokenizer.decoder]);
  return { ...SECTIONS, ...tokenizer, added_tokens };
}

/** What may be missing, though the library wants it. */
const SECTIONS: Json = {
  decoder: null,
  normalizer: null,
  pre_tokenizer: null,
  post_processor: null,
};

function checkIds(entries: readonly (readonly [token: string, id: unknown])[]): void {
  const seen = new Map<unknown, string>();
  for (const [token, id] of entries) {
    const name = JSON.stringify(token.slice(0, 100));
    if (!Number.isInteger(id) || (id as number) < 0 || (id as number) > MAX_ID) {
      throw invalid(`the id of ${name} is ${id}, expected an integer from 0 to ${MAX_ID}`);
    }
    const other = seen.get(id);
    if (other !== undefined && other !== token) {
      throw invalid(`${name} and ${JSON.stringify(other.slice(0, 100))} both have the id ${id}`);
    }
    seen.set(id, token);
  }
}

/** The library drops the text where a pattern is neither a string nor a regular expression. */
function checkPatterns(section: unknown): void {
  if (Array.isArray(section)) return section.forEach(checkPatterns);
  if (!isObject(section)) return;
  if (["Split", "Replace"].includes(section.type as string)) {
    const { pattern } = section;
    const kinds = isObject(pattern) ? [pattern.Regex, pattern.String] : [];
    if (!kinds.some((text) => typeof text === "string")) {
      throw invalid(`a ${section.type} has no pattern that is a String or a Regex`);
    }
  }
  Object.values(section).forEach(checkPatterns);
}

/** The vocabulary of a Unigram model: pairs of a piece and its score. */
function checkPieces(pieces: readonly unknown[], unknownId: unknown): void {
  for (const [i, piece] of pieces.entries()) {
    if (!Array.isArray(piece) || typeof piece[0] !== "string" || !Number.isFinite(piece[1])) {
      throw invalid(`piece ${i} of the vocabulary is not a text and its score`);
    }
  }
  const known = unknownId === null || unknownId === undefined ||
    (Number.isInteger(unknownId) && unknownId as number >= 0 &&
      unknownId as number < pieces.length);
  if (!known) throw invalid(`unk_id is ${unknownId}, expected a position in the vocabulary`);
}

/**
 * A normaliser that lower-cases code point by code point, as the Rust tokenizers do. JavaScript's
 * `toLowerCase` differs from that in one rule only: a Σ at the end of a word becomes ς. Replacing Σ by
 * σ right before lower-casing gives the same, and leaves added tokens as they are written.
 */
export function withoutFinalSigma(normalizer: unknown): unknown {
  if (!isObject(normalizer)) return normalizer;
  if (normalizer.type === "Sequence" && Array.isArray(normalizer.normalizers)) {
    return { ...normalizer, normalizers: normalizer.normalizers.map(withoutFinalSigma) };
  }
  const lowers = normalizer.type === "Lowercase" ||
    (normalizer.type === "BertNormalizer" && normalizer.lowercase === true);
  if (!lowers) return normalizer;
  const sigma = { type: "Replace", pattern: { String: "Σ" }, content: "σ" };
  return { type: "Sequence", normalizers: [sigma, normalizer] };
}
