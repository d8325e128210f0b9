import { FewbitError } from "../errors.ts";
import { philox4x32 } from "../numeric/philox.ts";

const LOW = 2 ** 32;

/**
 * A seeded stream of uniform numbers: the n-th number is a function of the seed and of n, so that the
 * whole state is how many were drawn.
 */
export class RandomStream {
  /** The seed. */
  readonly seed: number;
  #draws: number;

  /**
   * Starts a stream. A saved one continues with `draws`. Throws `invalid_argument` unless both are
   * integers from 0 to 2^53 − 1.
   */
  constructor(seed: number, draws = 0) {
    this.seed = counting("seed", seed);
    this.#draws = counting("draws", draws);
  }

  /** How many numbers were drawn. */
  get draws(): number {
    return this.#draws;
  }

  /** The next number: a multiple of 2^−53, at least 0 and less than 1. */
  next(): number {
    const [a, b] = philox4x32(
      [this.#draws % LOW, Math.floor(this.#draws / LOW), 0, 0],
      [this.seed % LOW, Math.floor(this.seed / LOW)],
    );
    this.#draws++;
    return ((a >>> 5) * 2 ** 26 + (b >>> 6)) / 2 ** 53;
  }
}

function counting(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new FewbitError(
    "invalid_argument",
    `Cannot draw numbers: ${name} is ${value}, expected an integer from 0 to 2^53 - 1`,
  );
}
