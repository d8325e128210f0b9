/** How far Batch Renorm may correct the statistics of a batch, in the first experience. */

/** What the limits rise by with each example, and where they end (AR1*, Lomonaco et al., 2020). */
const PER_EXAMPLE = 4.1e-5, MOST_RATIO = 1.25, MOST_SHIFT = 0.5;

/** Limits of Batch Renorm. */
export interface RenormLimits {
  /** Largest ratio of the deviations, and 1 over the smallest. */
  readonly mostRatio: number;
  /** Largest difference of the means in running deviations. */
  readonly mostShift: number;
}

/**
 * The limits in force in a step: those of BatchNorm at first, then a little more with each example.
 *
 * @param step Steps before it.
 * @param batch Examples of a step.
 */
export function renormLimits(step: number, batch: number): RenormLimits {
  const risen = step * batch * PER_EXAMPLE;
  return { mostRatio: Math.min(1 + risen, MOST_RATIO), mostShift: Math.min(risen, MOST_SHIFT) };
}

/** The limits after the first experience. */
export const LAST_LIMITS: RenormLimits = { mostRatio: MOST_RATIO, mostShift: MOST_SHIFT };
