/** The order of channels that turn together. */

/**
 * Rows i and i + D/2 of each head of D rows as neighbours: what Hugging Face has apart, rotary embeddings
 * here turn side by side.
 *
 * @param from `[rows, columns]`, row after row.
 */
export function interleaveHalves<T extends Float32Array | Int8Array>(
  from: T,
  [rows, columns]: readonly number[],
  heads: number,
): T {
  const half = rows / heads / 2;
  const to = from.slice() as T;
  for (let row = 0; row < rows; row++) {
    const head = row - row % (2 * half);
    const place = row - head;
    const source = head + (place >> 1) + (place & 1) * half;
    to.set(from.subarray(source * columns, (source + 1) * columns), row * columns);
  }
  return to;
}
