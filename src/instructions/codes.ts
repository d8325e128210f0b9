/** Codes of checks in a program file. */

/** Checks of an input's values before a run. The number is the code in a file: append only. */
export const CHECKS = {
  none: 0,
  /** 0 ≤ v < limit. */
  below: 1,
  /** v[0] = 0, never descending, the last is the limit: bounds of the sequences of a ragged batch. */
  offsets: 2,
  /** `below`, and no two alike: sessions. */
  distinct: 3,
  /** 0 ≤ v, and v plus the length of its sequence ≤ limit. */
  past: 4,
} as const;

/** Name of a check. */
export type Check = keyof typeof CHECKS;
