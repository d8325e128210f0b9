/** The middle of some numbers, and how sure it is. */
import { median } from "../interleave.ts";

/** What is said of some numbers. */
export interface Spread {
  readonly median: number;
  /** The middle half of the numbers. */
  readonly low: number;
  readonly high: number;
  /** Standard error of the median: √(π/2)·σ/√n, with σ from the middle half, which outliers leave alone. */
  readonly error: number;
}

/** Between the quartiles of a normal distribution lie so many standard deviations. */
const QUARTILES = 1.349;

/** Describes at least one number. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.round(part * (sorted.length - 1))];
  const [low, high] = [at(0.25), at(0.75)];
  const deviation = (high - low) / QUARTILES;
  return {
    median: median(sorted),
    low,
    high,
    error: Math.sqrt(Math.PI / 2) * deviation / Math.sqrt(sorted.length),
  };
}
