/**
 * The texts of test/vectors/make_tokenizer_sections.py, in plain JavaScript: the same file runs on every host.
 */

const TEXTS = 4000;
const BLOCK = 4096;
const TOGETHER = 64;

/** Blocks of code points. */
export const BLOCKS = 0x110000 / BLOCK;

/** Texts that one hash stands for. */
export const IN_A_HASH = 100;

/**
 * 4,000 texts, drawn from parts by a linear congruential generator.
 *
 * @param {readonly string[]} parts
 * @returns {string[]}
 */
export function mixedTexts(parts) {
  let state = 1;
  const draw = (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % n;
  };
  return Array.from({ length: TEXTS }, () => {
    let text = "";
    for (let left = draw(24); left > 0; left--) {
      text += parts[draw(parts.length)] + (draw(3) === 0 ? " " : "");
    }
    return text;
  });
}

/**
 * Texts of the code points of block `i`.
 *
 * @param {number} i
 * @returns {string[]}
 */
export function codePointTexts(i) {
  const points = Array.from({ length: BLOCK }, (_, j) => i * BLOCK + j)
    .filter((code) => code < 0xd800 || code >= 0xe000);
  const texts = [];
  for (let at = 0; at < points.length; at += TOGETHER) {
    const together = points.slice(at, at + TOGETHER).map((code) => String.fromCodePoint(code));
    texts.push(together.map((c) => `a${c}b ${c} `).join(""));
  }
  return texts;
}

/**
 * How many ids and which, text by text.
 *
 * @param {import("../../src/text/tokenizer.ts").Tokenizer} tokenizer
 * @param {readonly string[]} texts
 * @returns {Int32Array<ArrayBuffer>}
 */
export function idsOf(tokenizer, texts) {
  const all = [];
  for (const text of texts) {
    const { ids } = tokenizer.encode(text, { addSpecialTokens: false });
    all.push(ids.length);
    for (const id of ids) all.push(id);
  }
  return Int32Array.from(all);
}

/**
 * The first 12 digits of SHA-256.
 *
 * @param {ArrayBufferView<ArrayBuffer>} data
 * @returns {Promise<string>}
 */
export async function shortHash(data) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return Array.from(digest.subarray(0, 6), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
