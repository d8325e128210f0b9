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
const MAX_DEPTH = 8;

/**
 * Splits a sequence into the blocks of which it consists, as far as they repeat: first the repetition
 * that covers most (of equal ones the shortest period), then those before and after it.
 *
 * @param words What is done, step by step.
 * @param isStart Whether a block would rather begin with this word, where there is a choice.
 * @returns Blocks in the order of the sequence.
 */
export function repeatedBlocks(
  words: readonly string[],
  isStart: (word: string) => boolean = () => false,
): Block[] {
  return blocksWithin(words, isStart, 0, words.length, MAX_DEPTH);
}

function blocksWithin(
  words: readonly string[],
  isStart: (word: string) => boolean,
  from: number,
  to: number,
  depth: number,
): Block[] {
  const best = depth > 0 ? longestRepetition(words, isStart, from, to) : undefined;
  if (best === undefined) return [];
  const { first, period, times } = best;
  return [
    ...blocksWithin(words, isStart, from, first, depth - 1),
    ...Array.from({ length: times }, (_, i) => {
      const start = first + i * period;
      // A stage of blocks may repeat, too: its blocks are what is looked for.
      const inner = blocksWithin(words, isStart, start, start + period, depth - 1);
      const covered = inner.reduce((sum, { count }) => sum + count, 0);
      return covered > period / 2 ? inner : [{ first: start, count: period }];
    }).flat(),
    ...blocksWithin(words, isStart, first + times * period, to, depth - 1),
  ];
}

function longestRepetition(
  words: readonly string[],
  isStart: (word: string) => boolean,
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
        // What is left over may be cut off at either end.
        const shifts = Array.from({ length: run % period + 1 }, (_, shift) => shift);
        const shift = shifts.find((shift) => isStart(words[i - run + shift])) ?? 0;
        best = { first: i - run + shift, period, times };
      }
      run = 0;
    }
  }
  return best;
}
