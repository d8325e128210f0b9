/** How well a network knows examples. */
import { FewbitError } from "../errors.ts";
import type { Inputs, Outputs } from "../engines/engine.ts";
import { expectTensor } from "../engines/expect_tensor.ts";
import { isCount } from "./check_settings.ts";
import type { TrainingData } from "./training_data.ts";

/** How well a network knows some examples. */
export interface Evaluation {
  /** The share of the examples whose label has the largest output. */
  readonly accuracy: number;
  /** How many there were. */
  readonly count: number;
}

/** Options of {@linkcode Trainer.evaluate}. */
export interface EvaluationOptions {
  /** Name of the output. Default `logits`. */
  readonly output?: string;
  /** Name of the labels among the inputs. Default `labels`. */
  readonly labels?: string;
  /** Whether moving averages of the parameters stand for them. */
  readonly averaged?: boolean;
  /** Stops between two batches with its reason. */
  readonly signal?: AbortSignal;
}

/** Runs all examples, `batch` at a time. */
export async function evaluate(
  data: TrainingData,
  batch: number,
  predict: (inputs: Inputs) => Promise<Outputs>,
  { output = "logits", labels = "labels", signal }: EvaluationOptions,
): Promise<Evaluation> {
  checkCount(data.count);
  if (data.count === 0) {
    throw new FewbitError("invalid_argument", "Cannot evaluate: there are no examples");
  }
  let right = 0;
  for (let first = 0; first < data.count; first += batch) {
    signal?.throwIfAborted();
    // The last batch is filled up with its last example, which then counts once.
    const examples = Int32Array.from(
      { length: batch },
      (_, i) => Math.min(first + i, data.count - 1),
    );
    const { [labels]: expected, ...inputs } = await data.batch(examples);
    if (expected?.length !== batch) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot evaluate: ${expected?.length ?? 0} of ${labels} for ${batch} examples`,
      );
    }
    const rows = expectTensor(await predict(inputs), output, "f32").data;
    const classes = rows.length / batch;
    for (let i = 0; i < Math.min(batch, data.count - first); i++) {
      const row = rows.subarray(i * classes, (i + 1) * classes);
      const largest = row.reduce((most, x) => Math.max(most, x), -Infinity);
      if (row.indexOf(largest) === Number(expected[i])) right++;
    }
  }
  return { accuracy: right / data.count, count: data.count };
}

/**
 * Checks a number of examples.
 *
 * @throws {FewbitError} `invalid_argument`.
 */
export function checkCount(count: number): void {
  if (isCount(count)) return;
  throw new FewbitError(
    "invalid_argument",
    `Cannot use data: its count is ${String(count)}, expected an integer of at least 0`,
  );
}
