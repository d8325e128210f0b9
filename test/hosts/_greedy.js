/** Greedy decoding, ids in and ids out, in plain JavaScript: the same file runs on every host. */

/**
 * Continues ids with a language model: each next id is the one of the largest logit, of equal ones the
 * lowest id.
 *
 * @param {import("../../src/engines/engine.ts").Instance} instance Loaded with memory for the prompt.
 * @param {readonly number[]} prompt
 * @param {number} count How many ids to write.
 * @returns {Promise<number[]>}
 */
export async function greedy(instance, prompt, count) {
  const written = [];
  let [unread, past] = [prompt, 0];
  while (written.length < count) {
    const { logits } = await instance.run({
      ids: Int32Array.from(unread),
      offsets: Int32Array.of(0, unread.length),
      slot: Int32Array.of(0),
      past: Int32Array.of(past),
      rows: Int32Array.of(unread.length - 1),
    });
    written.push(logits.data.reduce((best, value, id, all) => value > all[best] ? id : best, 0));
    past += unread.length;
    unread = written.slice(-1);
  }
  return written;
}
