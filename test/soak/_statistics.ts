/** Order statistics. */

/** The value that a share of all values does not exceed (the nearest rank); NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted.length === 0 ? NaN : sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** The middle value, the lower one of two. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}
