/** An integer language model that draws its own ids, in plain JavaScript: the same file runs on every host. */

/** "Once upon a time". */
export const PROMPT = [403, 407, 261, 378];

/** How many ids are written. */
export const COUNT = 64;

/** Draws by temperature 0.8; the seed of the random numbers. */
export const TEMPERATURE = 0.8;
export const SEED = 7;

/**
 * Continues the prompt with a Llama of integers, once with the largest logits and once by draws. What it takes
 * is what hosts without JavaScript have, too: entry `main` for logits, entry `sample` for an id.
 *
 * @param {(file: Uint8Array, options?: object) => Promise<import("../../src/engines/engine.ts").Instance>} load
 * @param {Uint8Array} file
 * @returns {Promise<{greedy: number[], drawn: number[]}>}
 */
export async function storiesOf(load, file) {
  const instance = await load(file, { symbols: { max_tokens: PROMPT.length } });
  const greedy = await written(instance, 0);
  return { greedy, drawn: await written(instance, TEMPERATURE) };
}

/** @param {number} temperature 0 takes the largest. */
async function written(instance, temperature) {
  const { prefix, vocabularySize } = instance.program.metadata;
  const integers = (...values) => Int32Array.of(...values);
  const rate = temperature === 0 ? 0 : Math.floor(16 * Math.LOG2E * 65536 / temperature + 0.5);
  const ids = [];
  // The prefix belongs to the network: it counts as read.
  let [unread, past] = [PROMPT, prefix.length];
  while (ids.length < COUNT) {
    const { logits } = await instance.run({
      ids: Int32Array.from(unread),
      offsets: integers(0, unread.length),
      slot: integers(0),
      past: integers(past),
      rows: integers(unread.length - 1),
    });
    const outputs = await instance.run({
      "sample.logits": logits.data,
      "sample.rate": integers(rate),
      "sample.top_k": integers(0),
      "sample.top_p": integers(65536),
      "sample.min_p": integers(0),
      "sample.random": integers(SEED, 0, ids.length, 0),
      "sample.mask": new Int32Array(Math.ceil(vocabularySize / 32)).fill(-1),
    }, { entry: "sample" });
    ids.push(outputs["sample.id"].data[0]);
    past += unread.length;
    unread = ids.slice(-1);
  }
  return ids;
}
