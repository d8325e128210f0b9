/** How a batch is made of new examples and old ones. */

/** Parts of a batch. */
export interface MiniBatch {
  /** New examples. */
  readonly current: number;
  /** Old ones, out of the memory. */
  readonly replayed: number;
  /** Batches that go once through the new examples. */
  readonly iterations: number;
}

/**
 * As many new examples in each batch as spread them over as many batches as all examples, old and new, fill (latent
 * replay, Pellegrini et al., 2020): `current = ⌊n / ⌊(n + memory) / size⌋⌋`, from 1 to `size`.
 *
 * @param count New examples.
 * @param memory Old examples.
 * @param size Examples of a batch.
 */
export function miniBatch(count: number, memory: number, size: number): MiniBatch {
  const batches = Math.floor((count + memory) / size);
  const share = batches === 0 ? count : Math.floor(count / batches);
  const current = Math.max(1, Math.min(share, size));
  return { current, replayed: size - current, iterations: Math.floor(count / current) };
}
