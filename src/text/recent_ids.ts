import { FewbitError } from "../errors.ts";

/** How many ids the repetition penalty looks at. */
export const RECENT_IDS = 64;

/** The last 64 ids of a sequence, prompt and answer alike: what a repetition penalty looks at. */
export class RecentIds implements Iterable<number> {
  /** A ring; `#next` is where the next id goes. */
  readonly #ids: Int32Array = new Int32Array(RECENT_IDS);
  #next = 0;
  #length = 0;

  /** Starts with the last 64 of these ids. */
  constructor(ids: Iterable<number> = []) {
    for (const id of ids) this.push(id);
  }

  /** Appends an id; the oldest of 65 is forgotten. Throws `invalid_argument` unless it is an id. */
  push(id: number): void {
    if (!Number.isInteger(id) || id < 0 || id > 0x7fffffff) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot append a token: its id is ${id}, expected an integer from 0 to 2^31 - 1`,
      );
    }
    this.#ids[this.#next] = id;
    this.#next = (this.#next + 1) % RECENT_IDS;
    this.#length = Math.min(this.#length + 1, RECENT_IDS);
  }

  /** How many there are, at most 64. */
  get length(): number {
    return this.#length;
  }

  /** The ids, oldest first: what to save, and what the constructor takes back. */
  *[Symbol.iterator](): Iterator<number> {
    const first = this.#next - this.#length + RECENT_IDS;
    for (let i = 0; i < this.#length; i++) yield this.#ids[(first + i) % RECENT_IDS];
  }
}
