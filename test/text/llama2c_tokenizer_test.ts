/** Vocabularies of llama2.c as tokenizers. */
import assert from "node:assert/strict";
import { tokenizerFromLlama2c } from "../../src/text/llama2c_tokenizer.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const PIECES = [
  ["<unk>", 0],
  ["\n<s>\n", 0],
  ["\n</s>\n", 0],
  ["<0x0A>", 0],
  ["<0xC3>", 0],
  ["<0xA9>", 0],
  [" ", -5],
  ["a", -6],
  ["b", -7],
  [" a", -1],
  ["ab", -2],
  [" ab", -3],
].map(([text, score]) => ({ bytes: utf8(String(text)), score: Number(score) }));

Deno.test("llama2.c vocabularies: the pair of the highest score first, bytes for what is no piece", () => {
  const { tokenizerJson, tokenizerConfig } = tokenizerFromLlama2c(PIECES);
  const tokenizer = Tokenizer.fromJson(tokenizerJson, tokenizerConfig);
  // " a" before "ab", then " ab" of both.
  assert.deepEqual([...tokenizer.encode("ab").ids], [1, 11]);
  assert.deepEqual([...tokenizer.encode("ba").ids], [1, 6, 8, 7]);
  assert.deepEqual([...tokenizer.encode("é\n").ids], [1, 6, 4, 5, 3]);
  assert.equal(tokenizer.decode([11, 9, 4, 5, 3]), "ab aé\n");
});

Deno.test("llama2.c vocabularies: what is none is refused", () => {
  assert.throws(() => tokenizerFromLlama2c(PIECES.slice(0, 2)), {
    code: "invalid_file",
    message: /2 pieces/,
  });
  const broken = [...PIECES.slice(0, -1), { bytes: Uint8Array.of(0xC3), score: 0 }];
  assert.throws(() => tokenizerFromLlama2c(broken), {
    code: "invalid_file",
    message: /piece 11 is no UTF-8/,
  });
});
