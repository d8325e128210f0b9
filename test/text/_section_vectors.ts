/** What test/vectors/make_tokenizer_sections.py wrote. */
import { BLOCKS, codePointTexts, idsOf, IN_A_HASH, mixedTexts, shortHash } from "./_mixed_texts.js";
import type { Tokenizer } from "../../src/text/tokenizer.ts";

/** A hash for each block of code points, and for each 100 texts. */
export interface Hashes {
  readonly codePoints: readonly string[];
  readonly texts: readonly string[];
}

/** Hashes of every section, and of all-MiniLM-L6-v2's tokenizer. */
export interface SectionVectors {
  readonly parts: readonly string[];
  readonly sections: readonly (Hashes & {
    readonly name: string;
    readonly normalizer: unknown;
    readonly pre_tokenizer: unknown;
  })[];
  readonly minilm: Hashes;
}

/** Reads them. */
export function readSectionVectors(): SectionVectors {
  const path = new URL("../vectors/text/tokenizer_sections.json", import.meta.url);
  return JSON.parse(Deno.readTextFileSync(path));
}

/** Hashes of the 4,000 texts. */
export async function textHashes(
  tokenizer: Tokenizer,
  texts: readonly string[],
): Promise<string[]> {
  const hashes: string[] = [];
  for (let i = 0; i < texts.length; i += IN_A_HASH) {
    hashes.push(await shortHash(idsOf(tokenizer, texts.slice(i, i + IN_A_HASH))));
  }
  return hashes;
}

/** The hash of each block of code points; `undefined` for blocks without any. */
export async function blockHash(tokenizer: Tokenizer, block: number): Promise<string | undefined> {
  const texts = codePointTexts(block);
  return texts.length === 0 ? undefined : await shortHash(idsOf(tokenizer, texts));
}

/** The blocks with code points: 0xD000 to 0xDFFF has some, none is all surrogates. */
export const ALL_BLOCKS: readonly number[] = Array.from({ length: BLOCKS }, (_, i) => i);

export { mixedTexts };
