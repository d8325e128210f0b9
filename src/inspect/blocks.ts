/** The repeated part of a network. */

/** `count` repetitions of `period` instructions from `first` on. */
export interface Blocks {
  readonly first: number;
  readonly period: number;
  readonly count: number;
}

const MAX_PERIOD = 256;
const MIN_PERIOD = 3;

/**
 * Finds the repetition that covers most of a sequence; of two that cover the same, the shorter one.
 *
 * @param words What is done, step by step.
 * @returns `undefined` where nothing of three steps or more repeats.
 */
export function repeatedBlocks(words: readonly string[]): Blocks | undefined {
  let best: Blocks | undefined;
  const longest = Math.min(MAX_PERIOD, Math.floor(words.length / 2));
  for (let period = MIN_PERIOD; period <= longest; period++) {
    let run = 0;
    for (let i = 0; i + period <= words.length; i++) {
      if (i + period < words.length && words[i] === words[i + period]) {
        run++;
        continue;
      }
      const count = Math.floor(run / period) + 1;
      if (count > 1 && count * period > (best === undefined ? 0 : best.count * best.period)) {
        best = { first: i - run, period, count };
      }
      run = 0;
    }
  }
  return best;
}
