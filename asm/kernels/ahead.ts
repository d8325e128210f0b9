// Weights of a product with one row are used once and come from memory. A kernel that computes as it reads has few lines under way at a time: what a
// few hundred instructions reach. A loop that only reads has all that the processor can wait for, so it reads what comes next in bursts. With weights of 4
// bits, which take twice as many instructions a line, a step of SmolLM2 is a quarter faster by it; with 8 bits it gains nothing.

/** Bytes of a cache line. */
const LINE: usize = 64;

/** Bytes of a burst: two of them, what is read and what is used, are half of an L1 of 48 KiB. 8 and 24 KiB are slower by a tenth. */
const BURST: usize = 12288;

/**
 * Makes sure that the `size` bytes from `next` on are in the cache or on their way; returns up to where that is so.
 * @param ahead what it returned before, at first where all begins
 * @param end where all ends
 * @param spare four bytes for what is written only so that it is read
 */
export function read_ahead(
  next: usize,
  size: usize,
  ahead: usize,
  end: usize,
  spare: usize,
): usize {
  if (next + size <= ahead) return ahead;
  const to = min(next + max(size, BURST), end);
  let any = 0;
  for (; ahead + 4 * LINE <= to; ahead += 4 * LINE) {
    any |= load<i32>(ahead) | load<i32>(ahead, LINE) | load<i32>(ahead, 2 * LINE) |
      load<i32>(ahead, 3 * LINE);
  }
  for (; ahead + 4 <= to; ahead += LINE) any |= load<i32>(ahead);
  store<i32>(spare, any);
  return to;
}
