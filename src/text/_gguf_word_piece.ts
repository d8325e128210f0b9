import { type GgufVocabulary, invalid, templateProcessing } from "./_gguf_vocabulary.ts";
import type { GgufTokenizer } from "./_gguf_vocabulary.ts";

/** What GGUF has before pieces that start a word, where BERT has nothing. */
const START = "▁";

/** What BERT has before pieces that continue a word, where GGUF has nothing. */
const CONTINUES = "##";

/**
 * BERT's WordPiece, lower-casing and without accents. GGUF does not say whether a model is cased;
 * llama.cpp takes all of them for uncased.
 */
export function wordPieceTokenizer(vocabulary: GgufVocabulary): GgufTokenizer {
  const vocab = vocabulary.ids(bertSpelling);
  const unknown = vocabulary.token("unknown_token_id");
  if (unknown === undefined) throw invalid("a WordPiece vocabulary has no unknown_token_id");
  const cls = vocabulary.token("cls_token_id") ?? vocabulary.token("bos_token_id");
  const sep = vocabulary.token("seperator_token_id") ?? vocabulary.token("eos_token_id");
  const addCls = vocabulary.flag("add_bos_token", true);
  const addSep = vocabulary.flag("add_eos_token", true);
  return {
    tokenizerJson: {
      version: "1.0",
      added_tokens: vocabulary.addedTokens(),
      normalizer: {
        type: "BertNormalizer",
        clean_text: true,
        handle_chinese_chars: true,
        strip_accents: true,
        lowercase: true,
      },
      pre_tokenizer: { type: "BertPreTokenizer" },
      post_processor: templateProcessing(vocab, addCls ? cls : undefined, addSep ? sep : undefined),
      decoder: { type: "WordPiece", prefix: CONTINUES, cleanup: true },
      model: {
        type: "WordPiece",
        unk_token: unknown,
        continuing_subword_prefix: CONTINUES,
        max_input_chars_per_word: 100,
        vocab,
      },
    },
    tokenizerConfig: { ...vocabulary.config(addCls, addSep), do_lower_case: true },
  };
}

function bertSpelling(token: string): string {
  if (token.startsWith(START)) return token.slice(START.length);
  return token.startsWith("[") && token.endsWith("]") ? token : CONTINUES + token;
}
