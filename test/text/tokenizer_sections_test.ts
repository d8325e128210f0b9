/** Sections of tokenizer.json against the Rust tokenizers: test/vectors/make_tokenizer_sections.py. */
import assert from "node:assert/strict";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import {
  ALL_BLOCKS,
  blockHash,
  mixedTexts,
  readSectionVectors,
  textHashes,
} from "./_section_vectors.ts";

/**
 * Blocks of 4,096 code points in the default run: where there are marks, cases and signs. `FEWBIT_ALL_CODE_POINTS`
 * runs the others too: Han, Hangul, private use, and what is not assigned.
 */
const BLOCKS = Deno.env.get("FEWBIT_ALL_CODE_POINTS") === undefined
  ? [0, 1, 2, 3, 10, 15, 16, 17, 29, 30, 31]
  : ALL_BLOCKS;

/** Ids are the bytes of a piece and a mark at its end. */
const MODEL = {
  type: "BPE",
  end_of_word_suffix: "\u0001",
  byte_fallback: true,
  vocab: Object.fromEntries(
    Array.from({ length: 256 }, (_, byte) => [
      `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
      byte,
    ]),
  ),
  merges: [],
};

const { parts, sections } = readSectionVectors();
const texts = mixedTexts(parts);

for (const { name, normalizer, pre_tokenizer, ...expected } of sections) {
  const what = `${texts.length} texts and ${BLOCKS.length * 4096} code points`;
  Deno.test(`${name}: ids of ${what} are those of the Rust tokenizers`, async () => {
    const tokenizer = Tokenizer.fromJson({ normalizer, pre_tokenizer, model: MODEL });
    assert.deepEqual(await textHashes(tokenizer, texts), expected.texts);
    for (const block of BLOCKS) {
      const hash = await blockHash(tokenizer, block);
      assert.equal(hash, expected.codePoints[block], `U+${(block * 4096).toString(16)} and on`);
    }
  });
}
