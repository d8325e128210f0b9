/** The channel sums of a text, in plain JavaScript: the same file runs on every host. */

/**
 * SHA-256 of a text's channel sums.
 *
 * @param {import("../../src/engines/engine.ts").Instance} instance A sentence encoder.
 * @param {readonly number[]} ids
 * @returns {Promise<string>}
 */
export async function sumsHash(instance, ids) {
  const inputs = { ids: Int32Array.from(ids), offsets: Int32Array.of(0, ids.length) };
  const { sums } = await instance.run(inputs, { symbols: { tokens: ids.length, sequences: 1 } });
  const digest = await crypto.subtle.digest("SHA-256", sums.data);
  return Array.from(new Uint8Array(digest), (b) => b.toString(16).padStart(2, "0")).join("");
}
