/** Going through examples epoch by epoch. */
import { FewbitError } from "../errors.ts";
import type { Inputs } from "../engines/engine.ts";
import { shuffle } from "../numeric/shuffle.ts";
import { batchReader } from "./_batch_reader.ts";
import { isCount } from "./check_settings.ts";
import type { Cursor } from "./checkpoint.ts";
import { checkCount } from "./evaluate.ts";
import type { FitOptions } from "./trainer_options.ts";
import type { TrainingData } from "./training_data.ts";

/** `SHUF`: the stream of random numbers of shuffles. */
const SHUFFLE_STREAM = 0x53485546;

/** Where a trainer is, and whether it goes on by itself. */
export interface Place {
  cursor: Cursor;
  isFitting: boolean;
}

/** How examples are gone through. */
interface Epochs<Step> {
  /** Moved by each step, and here at the end of an epoch. */
  readonly place: Place;
  /** Of the orders. */
  readonly seed: number;
  /** Examples of a step. */
  readonly examples: number;
  /** Examples that are read at one go. */
  readonly batch: number;
  /** Does the step at the cursor; `batchAt` gives the inputs from that place of the epoch's order on. */
  step(epoch: number, batchAt: (first: number) => Promise<Inputs>): Promise<Step>;
}

/**
 * Goes through examples, in another order each epoch, a step for each batch; what is left of an epoch is dropped. An
 * abort takes effect between two steps.
 *
 * @throws {FewbitError} `invalid_argument` where there are fewer examples than a step takes, or it is being done already.
 */
export async function* throughEpochs<Step>(
  data: TrainingData,
  { epochs = 1, prefetch = 0, signal }: FitOptions,
  { place, seed, examples, batch, step }: Epochs<Step>,
): AsyncGenerator<Step, void, void> {
  checkCount(data.count);
  if (epochs !== Infinity && !isCount(epochs)) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot train: epochs is ${String(epochs)}, expected an integer of at least 0`,
    );
  }
  if (!isCount(prefetch)) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot train: prefetch is ${String(prefetch)}, expected an integer of at least 0`,
    );
  }
  const batches = Math.floor(data.count / examples);
  if (batches === 0) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot train: ${data.count} examples are no batch of ${examples}`,
    );
  }
  if (place.isFitting) throw new FewbitError("invalid_argument", "Cannot train: fit is running");
  place.isFitting = true;
  try {
    for (
      ;
      place.cursor.epoch < epochs;
      place.cursor = { epoch: place.cursor.epoch + 1, batch: 0 }
    ) {
      const { epoch } = place.cursor;
      const order = shuffle(data.count, seed, SHUFFLE_STREAM, epoch);
      const used = order.subarray(0, batches * examples);
      const batchAt = batchReader(data, { order: used, batch, epoch, prefetch });
      while (place.cursor.batch < batches) {
        signal?.throwIfAborted();
        yield await step(epoch, batchAt);
      }
    }
  } finally {
    place.isFitting = false;
  }
}
