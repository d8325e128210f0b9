import assert from "node:assert/strict";
import type { GgufValue } from "../../src/formats/gguf.ts";
import { tokenizerFromGguf } from "../../src/text/gguf_tokenizer.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { assertThrows } from "../formats/_assert.ts";
import { BYTE_PAIR, SENTENCE_PIECE, WORD_PIECE } from "./_vocabularies.ts";

/** Metadata with the prefix that all its keys have. */
function metadataOf(values: Readonly<Record<string, GgufValue>>): Map<string, GgufValue> {
  return new Map(Object.entries(values).map(([key, value]) => [`tokenizer.ggml.${key}`, value]));
}

function tokenizerOf(values: Readonly<Record<string, GgufValue>>): Tokenizer {
  const { tokenizerJson, tokenizerConfig } = tokenizerFromGguf(metadataOf(values));
  return Tokenizer.fromJson(tokenizerJson, tokenizerConfig);
}

Deno.test("gguf tokenizer: SentencePiece merges by score, and falls back to bytes", () => {
  const { tokenizerJson, tokenizerConfig } = tokenizerFromGguf(metadataOf(SENTENCE_PIECE));
  assert.deepEqual(Object(tokenizerJson.model).merges, [["a", "b"], ["ab", "ab"], ["▁", "ab"]]);
  assert.equal(tokenizerConfig.bos_token, "<s>");
  assert.equal(tokenizerConfig.add_bos_token, true);
  const tokenizer = Tokenizer.fromJson(tokenizerJson, tokenizerConfig);
  assert.deepEqual([...tokenizer.encode("abab").ids], [1, 5, 10]);
  assert.deepEqual([...tokenizer.encode("ab b").ids], [1, 9, 5, 7]);
  const plain = { addSpecialTokens: false };
  assert.deepEqual([...tokenizer.encode("bö<|x|>", plain).ids], [5, 7, 3, 4, 11]);
  assert.equal(tokenizer.decode([9, 5, 3, 4]), "ab ö");
  assert.deepEqual([...tokenizer.encode("a", { pair: "b" }).ids], [1, 5, 6, 5, 7]);
  const bare = tokenizerOf({
    ...SENTENCE_PIECE,
    add_space_prefix: false,
    add_bos_token: false,
    add_eos_token: true,
  });
  assert.deepEqual([...bare.encode("abab").ids], [10, 2]);
});

Deno.test("gguf tokenizer: WordPiece spells pieces as BERT does", () => {
  const { tokenizerJson, tokenizerConfig } = tokenizerFromGguf(metadataOf(WORD_PIECE));
  assert.deepEqual(Object.keys(Object(tokenizerJson.model).vocab), [
    ...[
      "[PAD]",
      "[UNK]",
      "[CLS]",
      "[SEP]",
      "un",
      "##aff",
      "##able",
      "[",
      "[unused0]",
      "caf",
      "##e",
    ],
  ]);
  const tokenizer = Tokenizer.fromJson(tokenizerJson, tokenizerConfig);
  assert.deepEqual([...tokenizer.encode("UNaffable Café x [").ids], [2, 4, 5, 6, 9, 10, 1, 7, 3]);
  const pair = tokenizer.encode("un", { pair: "un" });
  assert.deepEqual([...pair.ids], [2, 4, 3, 4, 3]);
  assert.equal(tokenizer.decode([4, 5, 6, 9, 10]), "unaffable cafe");
});

Deno.test("gguf tokenizer: byte-level BPE takes the merges of the file", () => {
  const tokenizer = tokenizerOf(BYTE_PAIR);
  assert.deepEqual([...tokenizer.encode("ab ab<|end|>").ids], [3, 4, 6]);
  assert.equal(tokenizer.tokenToId("__proto__"), 5);
  assert.equal(tokenizer.decode([3, 4]), "ab ab");
  const both = tokenizerOf({ ...BYTE_PAIR, add_bos_token: true, add_eos_token: true });
  assert.deepEqual([...both.encode("ab").ids], [6, 3, 6]);
});

Deno.test("gguf tokenizer: vocabularies that do not fit are refused", () => {
  const long = "x".repeat(20_000);
  const spm = { ...SENTENCE_PIECE };
  type Code = Parameters<typeof assertThrows>[1];
  const cases: [Readonly<Record<string, GgufValue>>, Code, RegExp][] = [
    [{}, "not_found", /no tokenizer\.ggml\.model/],
    [{ model: "gpt2" }, "not_found", /no tokenizer\.ggml\.tokens/],
    [{ model: "rwkv", tokens: ["a"] }, "unsupported", /model is "rwkv", expected "gpt2"/],
    [{ model: 1 }, "invalid_file", /tokenizer\.ggml\.model is not a string/],
    [{ model: "llama", tokens: [] }, "invalid_file", /has no tokens/],
    [{ model: "llama", tokens: ["a", 1] }, "invalid_file", /tokens is not an array of strings/],
    [{ model: "llama", tokens: ["a"] }, "invalid_file", /has no scores/],
    [{ ...spm, scores: [1] }, "invalid_file", /scores has 1 numbers for 12 tokens/],
    [{ ...spm, scores: spm.scores.map(() => NaN) }, "invalid_file", /a score is NaN/],
    [{ ...spm, bos_token_id: 12 }, "invalid_file", /bos_token_id is 12, expected an id below 12/],
    [{ ...spm, add_bos_token: 1 }, "invalid_file", /add_bos_token is not a boolean/],
    [
      { model: "llama", tokens: [long], scores: [0] },
      "limit_exceeded",
      /squared lengths is 400000000, the limit 268435456/,
    ],
    [{ ...BYTE_PAIR, pre: "llama-bpe" }, "unsupported", /pre-tokenizer is "llama-bpe", expected/],
    [{ ...BYTE_PAIR, merges: ["ab"] }, "invalid_file", /merge "ab" has one side/],
    [{ model: "gpt2", pre: "gpt-2", tokens: ["a"] }, "invalid_file", /has no merges/],
    [{ model: "gpt2", tokens: ["a"] }, "unsupported", /pre-tokenizer is not named/],
    [{ model: "bert", tokens: ["a"] }, "invalid_file", /has no unknown_token_id/],
  ];
  for (const [values, code, message] of cases) {
    assertThrows(() => tokenizerFromGguf(metadataOf(values)), code, message);
  }
});

Deno.test("gguf tokenizer: smollm takes digits one by one, and drops bytes without a token", () => {
  const vocabulary = {
    model: "gpt2",
    tokens: ["a", "1", "2", "12", "a1", "Ġ", "Ġ1"],
    merges: ["1 2", "a 1", "Ġ 1"],
  };
  const ids = (pre: string): number[] => [
    ...tokenizerOf({ ...vocabulary, pre }).encode("a12 1b²").ids,
  ];
  // "b" and both bytes of "²" have no token.
  assert.deepEqual(ids("smollm"), [0, 1, 2, 5, 1]);
  assert.deepEqual(ids("gpt-2"), [0, 3, 6]);
});
