/** CWR*: a last layer that keeps what it knew of classes that are not trained (Lomonaco et al., 2020). */

/** Rows of a last layer without biases, one a class, consolidated over experiences. */
export class CwrHead {
  readonly #width: number;
  readonly #rows: (Float64Array | undefined)[];
  readonly #past: number[];

  /**
   * @param classes Rows.
   * @param width Inputs of the layer.
   */
  constructor(classes: number, width: number) {
    this.#width = width;
    this.#rows = Array.from({ length: classes }, () => undefined);
    this.#past = new Array(classes).fill(0);
  }

  /** Examples of each class so far. */
  get past(): readonly number[] {
    return this.#past;
  }

  /** Weights before an experience: zeros but for the consolidated rows of its classes. */
  start(classes: readonly number[]): Float32Array {
    return this.#weights((c) => classes.includes(c));
  }

  /**
   * Takes up what an experience has made of the weights: for each of its classes
   * `w̄ ← (w̄·ρ + (w − m)) / (ρ + 1)`, `ρ = √(past / now)`, m the mean of all entries of these classes' rows.
   *
   * @param weights `[classes, width]`, row-major.
   * @param counts Examples of each class in the experience, replayed ones among them.
   */
  consolidate(weights: Float32Array, counts: ReadonlyMap<number, number>): void {
    const width = this.#width;
    const rows = [...counts].filter(([, count]) => count > 0);
    const rowOf = (c: number): Float32Array => weights.subarray(c * width, (c + 1) * width);
    const sum = rows.reduce((sum, [c]) => sum + rowOf(c).reduce((a, b) => a + b, 0), 0);
    const mean = sum / (rows.length * width);
    for (const [c, count] of rows) {
      const ratio = Math.sqrt(this.#past[c] / count);
      const before = this.#rows[c] ?? new Float64Array(width);
      const now = rowOf(c);
      this.#rows[c] = before.map((w, k) => (w * ratio + now[k] - mean) / (ratio + 1));
      this.#past[c] += count;
    }
  }

  /** Weights of all classes that were seen, for evaluation. */
  head(): Float32Array {
    return this.#weights(() => true);
  }

  #weights(isWanted: (c: number) => boolean): Float32Array {
    const all = new Float32Array(this.#rows.length * this.#width);
    this.#rows.forEach((row, c) => {
      if (row !== undefined && isWanted(c)) all.set(row, c * this.#width);
    });
    return all;
  }
}
