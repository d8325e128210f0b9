/** How fast training goes. */
import type { Cursor } from "../training/checkpoint.ts";
import type { TrainingStep } from "../training/trainer_options.ts";

/** Counts what is gone through: a step that is left out, as `f16` may leave one out, takes as long as another. */
export class TrainingPace {
  readonly #start = performance.now();
  readonly #steps: number;
  readonly #begun: number;
  #gone = 0;
  #leftOut = 0;

  /**
   * @param steps Of all epochs.
   * @param epochs How many there are.
   * @param cursor Where this run begins.
   */
  constructor(steps: number, epochs: number, { epoch, batch }: Cursor) {
    this.#steps = steps;
    this.#begun = epoch * Math.floor(steps / epochs) + batch;
  }

  /** Takes a step into account. */
  add({ skipped }: Pick<TrainingStep, "skipped">): void {
    this.#gone++;
    if (skipped) this.#leftOut++;
  }

  /** Seconds since the beginning. */
  get seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  /** Steps a second. */
  get rate(): number {
    return this.#gone / this.seconds;
  }

  /** Seconds that the rest takes. */
  get secondsLeft(): number {
    return Math.ceil((this.#steps - this.#begun - this.#gone) / this.rate);
  }

  /** The step of all that was last. */
  get step(): number {
    return this.#begun + this.#gone;
  }

  /** Steps that were left out since this was asked for. */
  takeLeftOut(): number {
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return leftOut;
  }
}

/** What a line says of them. */
export function leftOutNote(leftOut: number): string {
  return leftOut === 0 ? "" : `, ${leftOut} steps left out (gradients beyond f16)`;
}
