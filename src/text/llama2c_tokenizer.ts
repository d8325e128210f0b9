/** The tokenizer of a vocabulary of llama2.c. */
import { FewbitError } from "../errors.ts";
import type { GgufValue } from "../formats/gguf.ts";
import type { Llama2cPiece } from "../formats/llama2c.ts";
import { TOKEN_TYPES } from "./_gguf_vocabulary.ts";
import { tokenizerFromGguf } from "./gguf_tokenizer.ts";
import type { GgufTokenizer } from "./gguf_tokenizer.ts";

/** Ids that all vocabularies of llama2.c have in common; those of bytes follow. */
const UNKNOWN = 0, BEGIN = 1, END = 2;

/**
 * Makes a tokenizer of pieces with scores: SentencePiece's BPE, as of a GGUF file. The file has spaces
 * where SentencePiece has `▁`, and line breaks around the control tokens.
 *
 * @throws {FewbitError} `invalid_file` for pieces that are no UTF-8, or too few of them.
 */
export function tokenizerFromLlama2c(pieces: readonly Llama2cPiece[]): GgufTokenizer {
  if (pieces.length <= END) throw invalid(`${pieces.length} pieces`);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const tokens = pieces.map(({ bytes }, id) => {
    let text: string;
    try {
      text = decoder.decode(bytes);
    } catch {
      throw invalid(`piece ${id} is no UTF-8`);
    }
    return id <= END ? text.trim() : text.replaceAll(" ", "▁");
  });
  const types = tokens.map((token, id) =>
    id === UNKNOWN
      ? TOKEN_TYPES.unknown
      : id <= END
      ? TOKEN_TYPES.control
      : /^<0x[0-9A-F]{2}>$/.test(token)
      ? TOKEN_TYPES.byte
      : TOKEN_TYPES.normal
  );
  return tokenizerFromGguf(
    new Map<string, GgufValue>([
      ["tokenizer.ggml.model", "llama"],
      ["tokenizer.ggml.tokens", tokens],
      ["tokenizer.ggml.token_type", types],
      ["tokenizer.ggml.scores", pieces.map(({ score }) => score)],
      ["tokenizer.ggml.unknown_token_id", UNKNOWN],
      ["tokenizer.ggml.bos_token_id", BEGIN],
      ["tokenizer.ggml.eos_token_id", END],
    ]),
  );
}

function invalid(why: string): FewbitError {
  return new FewbitError("invalid_file", `Cannot read llama2.c vocabulary: ${why}`);
}
