/** What a network learns from. */
import { FewbitError } from "../errors.ts";
import type { Inputs } from "../engines/engine.ts";
import type { TensorData } from "../tensor.ts";

/** When examples are used. */
export interface BatchPlace {
  /** The epoch, from 0 on. */
  readonly epoch: number;
  /** The place of the first example in the order of the epoch, where there is one. */
  readonly first?: number;
}

/** Examples by number, from which batches are put together. */
export interface TrainingData {
  /** How many there are. */
  readonly count: number;
  /**
   * The inputs of the examples of these numbers, one behind the other; may be a promise. With `prefetch`, arrays stay as
   * they are until their step is over.
   *
   * @param place When it is learned from; absent where nothing is learned, as in an evaluation.
   */
  batch(examples: Int32Array, place?: BatchPlace): Inputs | Promise<Inputs>;
}

/**
 * Examples that lie in memory: the elements of each input, example after example.
 *
 * @throws {FewbitError} `shape_mismatch` where an array has no whole number of elements for each example.
 *
 * @example
 * ```ts
 * import { arrayData } from "@fewbit/fewbit/train";
 *
 * const data = arrayData({ x: new Float32Array(3 * 784), labels: Int32Array.of(7, 2, 1) }, 3);
 * console.log(data.count);
 * ```
 */
export function arrayData(
  inputs: Readonly<Record<string, TensorData>>,
  count: number,
): TrainingData {
  for (const [name, { length }] of Object.entries(inputs)) {
    if (Number.isInteger(count) && count > 0 && length % count === 0) continue;
    throw new FewbitError(
      "shape_mismatch",
      `Cannot take ${name} as ${count} examples: it has ${length} elements`,
    );
  }
  return {
    count,
    batch: (examples) =>
      Object.fromEntries(
        Object.entries(inputs).map(([name, data]) => [name, gather(data, count, examples)]),
      ),
  };
}

/** The elements of some examples. */
function gather(data: TensorData, count: number, examples: Int32Array): TensorData {
  const size = data.length / count;
  const make = data.constructor as new (length: number) => TensorData;
  const gathered = new make(size * examples.length) as Float32Array;
  examples.forEach((example, i) =>
    gathered.set((data as Float32Array).subarray(example * size, (example + 1) * size), i * size)
  );
  return gathered;
}
