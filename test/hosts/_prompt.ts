/** The prompt that every host continues, and the ids that every host must give. */

/** The shipped language model. */
export const LANGUAGE_MODEL: URL = new URL(
  "../../models/hgrn-shakespeare.fewbit",
  import.meta.url,
);

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
