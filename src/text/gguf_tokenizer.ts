import { FewbitError } from "../errors.ts";
import type { GgufValue } from "../formats/gguf.ts";
import { bytePairTokenizer } from "./_gguf_byte_pair.ts";
import { sentencePieceTokenizer } from "./_gguf_sentence_piece.ts";
import { GgufVocabulary } from "./_gguf_vocabulary.ts";
import type { GgufTokenizer } from "./_gguf_vocabulary.ts";
import { wordPieceTokenizer } from "./_gguf_word_piece.ts";

export type { GgufTokenizer };

/**
 * Makes a tokenizer of the vocabulary in a GGUF file, as the objects that `Tokenizer`
 * takes: byte-level BPE (`gpt2`), SentencePiece (`llama`) or WordPiece (`bert`).
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { readGguf, tokenizerFromGguf } from "@fewbit/fewbit";
 *
 * const { metadata } = readGguf(await readFile("model.gguf"));
 * const { tokenizerJson, tokenizerConfig } = tokenizerFromGguf(metadata);
 * console.log(Object.keys(tokenizerJson), tokenizerConfig.eos_token);
 * ```
 *
 * @param metadata The metadata of a GGUF file.
 * @throws {FewbitError} `not_found` where it has no vocabulary, `invalid_file` where the parts of it
 * do not fit each other, `unsupported` for other models and for other pre-tokenizers than `gpt-2` and
 * `smollm`.
 */
export function tokenizerFromGguf(metadata: ReadonlyMap<string, GgufValue>): GgufTokenizer {
  const vocabulary = new GgufVocabulary(metadata);
  switch (vocabulary.model) {
    case "gpt2":
      return bytePairTokenizer(vocabulary);
    case "llama":
      return sentencePieceTokenizer(vocabulary);
    case "bert":
      return wordPieceTokenizer(vocabulary);
  }
  throw new FewbitError(
    "unsupported",
    `Cannot read GGUF vocabulary: its model is ${JSON.stringify(vocabulary.model.slice(0, 80))}, ` +
      `expected "gpt2", "llama" or "bert"`,
  );
}
