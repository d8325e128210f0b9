import { FewbitError } from "../errors.ts";

/** Bytes of memory that the values of a header may take, about: a byte in a file can become thirty. */
const MAX_BYTES = 2 ** 27;

/** What values take in memory of a host, about. */
const VALUE_BYTES = { number: 8, bigint: 32, string: 48, object: 256 } as const;

/** Counts what the values of one file take, so that a small file cannot ask for much memory. */
export class ValueBudget {
  readonly #format: string;
  #left = MAX_BYTES;

  constructor(format: string) {
    this.#format = format;
  }

  /** Throws `limit_exceeded` when it is used up. */
  spend(count: number, kind: keyof typeof VALUE_BYTES): void {
    this.#left -= count * VALUE_BYTES[kind];
    if (this.#left >= 0) return;
    throw new FewbitError(
      "limit_exceeded",
      `Cannot read ${this.#format}: its values would take more than ${MAX_BYTES} bytes of memory`,
    );
  }
}
