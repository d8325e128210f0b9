/** Ids and embeddings of many texts, in plain JavaScript: the same file runs on every host. */
import {
  BLOCKS,
  codePointTexts,
  idsOf,
  IN_A_HASH,
  mixedTexts,
  shortHash,
} from "../text/_mixed_texts.js";

/** Texts that are embedded. */
const EMBEDDED = 400;

/**
 * Hashes of the ids of all code points, block by block, of those of 4,000 texts, and of the embeddings of 400.
 *
 * @param {import("../../src/embedder.ts").EmbeddingModel} embedder
 * @param {readonly string[]} parts
 */
export async function tokenHashes(embedder, parts) {
  const { tokenizer } = embedder;
  const texts = mixedTexts(parts);
  const codePoints = [];
  for (let i = 0; i < BLOCKS; i++) {
    codePoints.push(await shortHash(idsOf(tokenizer, codePointTexts(i))));
  }
  const hashes = [];
  for (let i = 0; i < texts.length; i += IN_A_HASH) {
    hashes.push(await shortHash(idsOf(tokenizer, texts.slice(i, i + IN_A_HASH))));
  }
  const few = texts.filter((text) => text.trim() !== "").slice(0, EMBEDDED);
  const { rows } = await embedder.embed(few);
  const all = new Float32Array(rows.length * rows[0].length);
  rows.forEach((row, i) => all.set(row, i * row.length));
  return { codePoints, texts: hashes, embedded: rows.length, embeddings: await shortHash(all) };
}
