/** Small vocabularies as GGUF has them, without the prefix `tokenizer.ggml.` of the keys. */

export const SENTENCE_PIECE = {
  model: "llama",
  tokens: ["<unk>", "<s>", "</s>", "<0xC3>", "<0xB6>", "▁", "a", "b", "ab", "▁ab", "abab", "<|x|>"],
  scores: [0, 0, 0, 0, 0, -8, -7, -6, -1, -3, -2, 0],
  token_type: [2, 3, 3, 6, 6, 1, 1, 1, 1, 1, 1, 4],
  bos_token_id: 1,
  eos_token_id: 2,
  unknown_token_id: 0,
};

export const WORD_PIECE = {
  model: "bert",
  tokens: [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "▁un",
    "aff",
    "able",
    "▁[",
    "[unused0]",
    "▁caf",
    "e",
  ],
  token_type: [3, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1],
  unknown_token_id: 1,
  cls_token_id: 2,
  seperator_token_id: 3,
  padding_token_id: 0,
};

export const BYTE_PAIR = {
  model: "gpt2",
  pre: "gpt-2",
  tokens: ["a", "b", "Ġ", "ab", "Ġab", "__proto__", "<|end|>"],
  token_type: [1, 1, 1, 1, 1, 1, 3],
  merges: ["a b", "Ġ ab"],
  bos_token_id: 6,
  eos_token_id: 6,
};

/** One of each model. */
export const VOCABULARIES = [SENTENCE_PIECE, WORD_PIECE, BYTE_PAIR];
