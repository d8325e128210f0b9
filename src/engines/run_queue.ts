/** Runs of one instance take turns in the order in which they were asked for. */
import { orAbort } from "./or_abort.ts";

/** A place in the queue. */
interface Turn {
  /** Gives the turn to the next one. */
  readonly leave: () => void;
  /** Waits for the turn, or rejects with the reason of the signal; absent where it has come. */
  readonly before?: (signal: AbortSignal | undefined) => Promise<void>;
}

/** A queue of runs. */
export class RunQueue {
  #last: Promise<void> = Promise.resolve();
  #length = 0;

  /** Whether a run is in progress or waits. */
  get busy(): boolean {
    return this.#length > 0;
  }

  /** Takes a place at the end. It must be left, once, whether the turn has come or not. */
  enter(): Turn {
    const last = this.#last;
    const isFirst = this.#length++ === 0;
    let done: () => void;
    this.#last = new Promise((resolve) => done = resolve);
    const leave = (): void => {
      this.#length--;
      // A run that gave up while it waited does not let the next one overtake those before it.
      last.then(done);
    };
    return isFirst ? { leave } : { leave, before: (signal) => orAbort(last, signal) };
  }
}
