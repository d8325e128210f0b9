/**
 * Probabilities with 15 fractional bits of scores in i32, as `attention_cached_i8` has them.
 *
 * @param scores Those of the keys that are seen, at least one.
 * @param rate 1/256 octaves a unit, with 18 fractional bits.
 * @param exponential Entry 0 … 4095 of a table, unsigned.
 * @returns 0 … 32767 each.
 */
export function softmaxQ15(
  scores: readonly number[],
  rate: number,
  exponential: (u: number) => number,
): number[] {
  const m = Math.max(1, rate);
  const top = scores.reduce((a, b) => Math.max(a, b));
  const e = scores.map((score) => {
    // d·m + 2^17 is at most 2^30 + 2^17.
    const d = Math.min(top - score, Math.floor(2 ** 30 / m));
    return BigInt(exponential(Math.min(d * m + 2 ** 17 >> 18, 4095)));
  });
  const sum = e.reduce((a, b) => a + b);
  const r = sum === 0n ? 0n : 2n ** 47n / sum;
  return e.map((each) => Math.min(32767, Number((each * r + 2n ** 31n) >> 32n)));
}
