/** A seeded generator of 32-bit integers (xorshift32), so that every failure can be repeated. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  uint32(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state;
  }

  /** An integer from 0 to `limit - 1`. */
  below(limit: number): number {
    return this.uint32() % limit;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
}
