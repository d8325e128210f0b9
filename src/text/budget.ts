import { FewbitError } from "../errors.ts";

/** Steps that any text may take, and those it may take for each code unit: far more than texts in use need. */
const STEPS = 2 ** 24;
const STEPS_EACH = 128;

/**
 * What a text may cost. Patterns, added tokens and vocabularies come with a model; hostile ones take
 * exponential time, so whatever loops over a text spends from its budget.
 */
export class Budget {
  #left: number;
  readonly #what: string;

  constructor(length: number, what: string) {
    this.#left = STEPS + STEPS_EACH * length;
    this.#what = what;
  }

  /** Takes some steps; throws `limit_exceeded` when there are none left. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) this.exhausted();
  }

  /** Says that the text takes too long. */
  exhausted(): never {
    throw new FewbitError(
      "limit_exceeded",
      `Cannot ${this.#what}: the text takes more steps with this tokenizer than are allowed`,
    );
  }
}
