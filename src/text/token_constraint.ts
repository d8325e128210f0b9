/** Which ids may come next, as a grammar says; made for one answer. */
export interface TokenConstraint {
  /**
   * The ids that may come next: bit `id mod 32` of word `id >> 5`, as in the instruction `sample_i32`. Ids
   * behind the last word may not.
   */
  allowed(): Int32Array | Promise<Int32Array>;
  /** Notes the id that was chosen. */
  accept(id: number): void;
  /** Called when the answer has ended, for whatever reason. */
  end?(): void;
}

/** The logits with −Infinity for ids that may not come. */
export function constrained(logits: Float32Array, allowed: Int32Array): Float32Array {
  return logits.map((logit, id) => (allowed[id >> 5] >> (id & 31) & 1) === 1 ? logit : -Infinity);
}
