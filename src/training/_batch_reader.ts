/** Batches in the order of an epoch, some of them ahead of time. */
import type { Inputs } from "../engines/engine.ts";
import type { TrainingData } from "./training_data.ts";

/** What is read, and how. */
interface Reading {
  /** Numbers of the examples. */
  readonly order: Int32Array;
  /** Examples of a batch. */
  readonly batch: number;
  readonly epoch: number;
  /** Batches that are asked for ahead of time. */
  readonly prefetch: number;
}

/** Gives the batch that begins at a place of the order; places are asked for one after the other. */
export function batchReader(
  data: TrainingData,
  { order, batch, epoch, prefetch }: Reading,
): (first: number) => Promise<Inputs> {
  const ahead = new Map<number, Promise<Inputs>>();
  const ask = (first: number): Promise<Inputs> => {
    // A failure is one of the batch, which may never be needed.
    const asked =
      (async () => await data.batch(order.subarray(first, first + batch), { epoch, first }))();
    asked.catch(() => {});
    return asked;
  };
  return (first) => {
    const asked = ahead.get(first) ?? ask(first);
    ahead.delete(first);
    for (let i = 1; i <= prefetch; i++) {
      const next = first + i * batch;
      if (next + batch <= order.length && !ahead.has(next)) ahead.set(next, ask(next));
    }
    return asked;
  };
}
