/** Windows of a text that a language model learns from. */
import { FewbitError } from "../errors.ts";
import { randomWord } from "../numeric/random_word.ts";
import type { TrainingData } from "./training_data.ts";

/** `WIND`: the stream of random numbers of where windows begin. */
const WINDOW_STREAM = 0x57494e44;

/** Names of the inputs. */
export const IDS = "ids", LABELS = "labels";

/**
 * Windows of `tokens` ids one behind the other, and the next id of each as its label.
 *
 * @param ids The ids of a text.
 * @param seed With it all windows of an epoch begin some tokens later, fewer than they have, another number in each
 * epoch; without it, as for an evaluation, the first begins with the text.
 * @throws {FewbitError} `invalid_argument` where the text has no window.
 */
export function textWindows(ids: Int32Array, tokens: number, seed?: number): TrainingData {
  const spare = seed === undefined ? 1 : tokens;
  const count = Math.floor((ids.length - spare) / tokens);
  if (count < 1) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot learn a text of ${ids.length} tokens: windows have ${tokens}, and begin anywhere`,
    );
  }
  return {
    count,
    batch: (examples, place) => {
      const shift = seed === undefined || place === undefined
        ? 0
        : randomWord(seed, WINDOW_STREAM, place.epoch, 0) % tokens;
      const rows = (plus: number): Int32Array => {
        const gathered = new Int32Array(examples.length * tokens);
        examples.forEach((example, i) => {
          const first = example * tokens + shift + plus;
          gathered.set(ids.subarray(first, first + tokens), i * tokens);
        });
        return gathered;
      };
      return { [IDS]: rows(0), [LABELS]: rows(1) };
    },
  };
}
