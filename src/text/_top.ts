/** The lowest id of the largest score. */
export function argmax(scores: Float32Array): number {
  let best = 0;
  for (let id = 1; id < scores.length; id++) if (scores[id] > scores[best]) best = id;
  return best;
}

/**
 * Takes ids out from the largest score down, of equal scores the lowest id first, in O(V) for the first
 * and O(log V) for each: a binary heap, because a vocabulary is large and few ids are wanted.
 */
export class Descending {
  readonly #scores: Float32Array;
  readonly #ids: Uint32Array;
  #length: number;

  /** Takes the ids whose score is greater than −∞. */
  constructor(scores: Float32Array) {
    this.#scores = scores;
    this.#ids = new Uint32Array(scores.length);
    this.#length = 0;
    for (let id = 0; id < scores.length; id++) {
      if (scores[id] > -Infinity) this.#ids[this.#length++] = id;
    }
    for (let i = (this.#length >> 1) - 1; i >= 0; i--) this.#sink(i);
  }

  /** How many are left. */
  get length(): number {
    return this.#length;
  }

  /** The next id. There must be one left. */
  next(): number {
    const id = this.#ids[0];
    this.#ids[0] = this.#ids[--this.#length];
    this.#sink(0);
    return id;
  }

  #sink(i: number): void {
    const ids = this.#ids;
    const id = ids[i];
    for (let child = 2 * i + 1; child < this.#length; child = 2 * i + 1) {
      if (child + 1 < this.#length && this.#isBefore(ids[child + 1], ids[child])) child++;
      if (!this.#isBefore(ids[child], id)) break;
      ids[i] = ids[child];
      i = child;
    }
    ids[i] = id;
  }

  #isBefore(a: number, b: number): boolean {
    const [x, y] = [this.#scores[a], this.#scores[b]];
    return x > y || (x === y && a < b);
  }
}
