/** tokenizer.json beside the files that change what the libraries make of it (transformers 5.24). */
import assert from "node:assert/strict";
import { encoderTokenizer } from "../../src/checkpoints/encoder_tokenizer.ts";

type Json = Record<string, unknown>;

const piece = (kind: string, id: string, type_id = 0): Json => ({ [kind]: { id, type_id } });
const single = (type = 0): Json[] => [
  piece("SpecialToken", "[CLS]", type),
  piece("Sequence", "A", type),
  piece("SpecialToken", "[SEP]", type),
];
const TOKENIZER: Json = {
  added_tokens: [{ id: 0, content: "[UNK]" }, { id: 1, content: "[CLS]" }],
  normalizer: { type: "BertNormalizer", clean_text: true, lowercase: true },
  pre_tokenizer: { type: "BertPreTokenizer" },
  post_processor: { type: "TemplateProcessing", single: single() },
  truncation: { direction: "Right", max_length: 128, strategy: "LongestFirst", stride: 0 },
  model: { type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##" },
};
const BERT = { tokenizer_class: "BertTokenizer" };
const OTHER = { tokenizer_class: "PreTrainedTokenizerFast" };
const model = (settings: Json): Json => ({ model: { ...TOKENIZER.model as Json, ...settings } });

const TAKEN: readonly (readonly [tokenizer: Json, config: Json | undefined])[] = [
  [{}, undefined],
  [{}, BERT],
  [{}, OTHER],
  [{}, { ...BERT, tokenizer_class: "BertTokenizerFast", cls_token: { content: "[CLS]" } }],
  [{}, { ...BERT, added_tokens_decoder: { "0": { content: "[UNK]" } }, extra_special_tokens: [] }],
  [{ truncation: { direction: "Left" } }, { ...BERT, truncation_side: "right" }],
  [{ post_processor: { type: "BertProcessing", cls: ["[CLS]", 1], sep: ["[SEP]", 2] } }, BERT],
  [{ post_processor: { type: "TemplateProcessing", single: single(1) } }, BERT],
  [model({ max_input_chars_per_word: 50 }), OTHER],
];

const REFUSED: readonly (readonly [tokenizer: Json, config: Json | undefined, why: RegExp])[] = [
  [{ truncation: { direction: "Left" } }, undefined, /direction "Left"/],
  [{ truncation: { direction: "Left" } }, BERT, /direction "Left"/],
  [{}, { ...BERT, cls_token: "[SEP]" }, /post_processor is \["\[SEP\]"/],
  [{}, { ...BERT, sep_token: { content: "</s>" } }, /post_processor is .*<\/s>/],
  [{}, { ...BERT, unk_token: "<unk>" }, /unk_token is <unk>/],
  [{ post_processor: null }, BERT, /post_processor/],
  [{ pre_tokenizer: { type: "Whitespace" } }, BERT, /pre_tokenizer is BertPreTokenizer/],
  [model({ type: "BPE" }), BERT, /model is WordPiece/],
  [model({ continuing_subword_prefix: "@@" }), BERT, /continuing_subword_prefix/],
  [model({ max_input_chars_per_word: 50 }), BERT, /max_input_chars_per_word is 100/],
  [{ post_processor: { single: single(1) } }, OTHER, /type_id 1/],
  [{ post_processor: { processors: [{ single: single(1) }] } }, undefined, /type_id 1/],
  [{}, { ...BERT, additional_special_tokens: ["zebra"] }, /"zebra"/],
  [{}, { ...OTHER, extra_special_tokens: { image: "<image>" } }, /"<image>"/],
  [{}, { ...BERT, added_tokens_decoder: { "7": { content: "new" } } }, /"new"/],
];

Deno.test(`encoder tokenizers: ${TAKEN.length} pairs of files are taken, ${REFUSED.length} refused by name`, () => {
  for (const [tokenizer, config] of TAKEN) {
    encoderTokenizer({ ...TOKENIZER, ...tokenizer }, config, undefined);
  }
  for (const [tokenizer, config, message] of REFUSED) {
    assert.throws(() => encoderTokenizer({ ...TOKENIZER, ...tokenizer }, config, undefined), {
      code: "unsupported",
      message,
    });
  }
});

Deno.test("encoder tokenizers: BERT's class cleans texts whatever tokenizer.json says", () => {
  const normalizer = { type: "BertNormalizer", clean_text: false };
  const { normalizer: set } = encoderTokenizer({ ...TOKENIZER, normalizer }, BERT, undefined);
  assert.deepEqual(set, {
    type: "BertNormalizer",
    clean_text: true,
    lowercase: true,
    strip_accents: null,
    handle_chinese_chars: true,
  });
});
