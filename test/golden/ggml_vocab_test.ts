/** Tokenizers of GGUF vocabularies against llama.cpp's ids for its own test cases. */
import assert from "node:assert/strict";
import { readGguf } from "../../src/formats/gguf.ts";
import { tokenizerFromGguf } from "../../src/text/gguf_tokenizer.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { absent, SHARED } from "./_shared.ts";

const FOLDER = `${SHARED}/data/ggml-vocab`;
const ignore = absent(FOLDER);

/** Name of a file, its tokens, and merges (with the spec's count of those made from scores). */
const FILES = [
  ["gpt-2", 50_257, 50_000],
  ["llama-spm", 32_000, 61_249],
  ["phi-3", 32_064, 61_249],
  ["bert-bge", 30_522, undefined],
] as const;

for (const [name, tokens, merges] of FILES) {
  Deno.test({
    name: `gguf tokenizer: ${name} gives the ids of llama.cpp in all 46 cases`,
    ignore,
    fn: () => {
      const path = `${FOLDER}/ggml-vocab-${name}.gguf`;
      const { metadata, tensors } = readGguf(Deno.readFileSync(path));
      assert.equal(tensors.size, 0);
      const { tokenizerJson, tokenizerConfig } = tokenizerFromGguf(metadata);
      const model = Object(tokenizerJson.model);
      assert.equal(Object.keys(model.vocab).length, tokens);
      assert.equal(model.merges?.length, merges);
      const tokenizer = Tokenizer.fromJson(tokenizerJson, tokenizerConfig);
      const texts = Deno.readTextFileSync(`${path}.inp`).split("\n__ggml_vocab_test__\n");
      assert.equal(texts.pop(), "");
      assert.equal(texts.length, 46);
      const lines = Deno.readTextFileSync(`${path}.out`).split("\n");
      texts.forEach((text, i) => {
        const expected = lines[i].trim().split(" ").filter((id) => id !== "").map(Number);
        const { ids } = tokenizer.encode(text, { addSpecialTokens: false });
        assert.deepEqual([...ids], expected, `case ${i}: ${JSON.stringify(text)}`);
      });
    },
  });
}
