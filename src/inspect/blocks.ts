/** The repeated parts of a network. */

/** `count` instructions from `first` on that occur again right before or after. */
export interface Block {
  readonly first: number;
  readonly count: number;
}

/** `times` repetitions of `period` steps. */
interface Repetition {
  readonly first: number;
  readonly period: number;
  readonly times: number;
}

const MAX_PERIOD = 256;
const MIN_PERIOD = 3;
/** A hostile program could repeat without end; a network has fewer blocks. */
const MAX_DEPTH = 16;

/**
 * Splits a sequence into the blocks of which it consists, as far as they repeat: first the repetition
 * that covers most (of equal ones the shortest period), then those before and after it.
 *
 * @param words What is done, step by step.
 * @returns Blocks in the order of the sequence.
 */
export function repeatedBlocks(words: readonly (string | number)[]): Block[] {
  return blocksWithin(words, 0, words.length, MAX_DEPTH);
}

function blocksWithin(
  words: readonly (string | number)[],
  from: number,
  to: number,
  depth: number,
): Block[] {
  const best = depth > 0 ? longestRepetition(words, from, to) : undefined;
  if (best === undefined) return [];
  const { first, period, times } = best;
  return [
    ...blocksWithin(words, from, first, depth - 1),
    ...Array.from({ length: times }, (_, i) => ({ first: first + i * period, count: period })),
    ...blocksWithin(words, first + times * period, to, depth - 1),
  ];
}

function longestRepetition(
  words: readonly (string | number)[],
  from: number,
  to: number,
): Repetition | undefined {
  let best: Repetition | undefined;
  const longest = Math.min(MAX_PERIOD, Math.floor((to - from) / 2));
  for (let period = MIN_PERIOD; period <= longest; period++) {
    let run = 0;
    for (let i = from; i + period <= to; i++) {
      if (i + period < to && words[i] === words[i + period]) {
        run++;
        continue;
      }
      const times = Math.floor(run / period) + 1;
      if (times > 1 && times * period > (best === undefined ? 0 : best.times * best.period)) {
        best = { first: i - run, period, times };
      }
      run = 0;
    }
  }
  return best;
}
