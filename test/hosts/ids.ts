/** The ids that every host is given, and those that it must give. */

/** Ids of "The cat sleeps on the warm windowsill." */
export const IDS: readonly number[] = [
  101,
  1996,
  4937,
  25126,
  2006,
  1996,
  4010,
  3645,
  8591,
  1012,
  102,
];

/** "GLOUCESTER:\nNow ". */
export const PROMPT: readonly number[] = [678, 28, 201, 791, 223];

/**
 * What follows, always the largest logit: the `greedy_ids` of the checkpoint's `expected.json`, which
 * was made where the model was trained, without this repository. The second logit is never closer
 * than 0.05.
 */
export const GREEDY: readonly number[] = [
  [45, 298, 870, 14, 310, 439, 14, 301, 310, 439, 16, 201, 201, 448, 492, 732],
  [547, 43, 28, 201, 452, 14, 310, 439, 14, 310, 439, 14, 310, 439, 16, 201],
  [201, 448, 492, 732, 547, 43, 28, 201, 452, 14, 310, 439, 14, 310, 439, 14],
  [310, 439, 16, 201, 201, 448, 492, 732, 547, 43, 28, 201, 452, 14, 310, 439],
].flat();
