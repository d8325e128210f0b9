/** Sums in NumPy's order. */

/** Longest run that is summed without halving it. */
const PAIRWISE_BLOCK = 128;

/** Σ |x| of `count` numbers in float64: halves of whole eights, eight partial sums in a block. */
export function sumOfMagnitudes(x: ArrayLike<number>, first: number, count: number): number {
  const { abs } = Math;
  if (count > PAIRWISE_BLOCK) {
    const half = (count >> 1) & ~7;
    return sumOfMagnitudes(x, first, half) + sumOfMagnitudes(x, first + half, count - half);
  }
  const eights = count & ~7;
  const partial = new Float64Array(8);
  for (let i = 0; i < eights; i++) partial[i & 7] += abs(x[first + i]);
  let sum = ((partial[0] + partial[1]) + (partial[2] + partial[3])) +
    ((partial[4] + partial[5]) + (partial[6] + partial[7]));
  for (let i = eights; i < count; i++) sum += abs(x[first + i]);
  return sum;
}
