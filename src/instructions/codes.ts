/** Codes of layouts and checks in a program file. */

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

/** How the elements of a tensor lie in memory. The number is the code in a file: append only. */
export const LAYOUTS = {
  /** Dense, last extent contiguous. */
  rows: 0,
  /** `[N, K]` weights as `[ceil(N/8)][ceil(K/4)][8 columns][4 k]` bytes, padded with zero. */
  panel_8x4: 1,
  /** `[N, K]` weights of −63…63, stored +64 in the order of `panel_8x4`, padded with 64. */
  panel_8x4_u7: 2,
  /** `[N, K]` float weights as `[ceil(N/8)][K][8]`, padded with zero. */
  panel_8: 3,
  /**
   * `[N, K]` trits as `[ceil(N/8)][ceil(K/16)][8 columns][4]` bytes: bits 2p and 2p+1 of byte j of
   * group g hold `t + 1` of k = 16g + 4p + j. Padded with `t = 0`.
   */
  panel_8x16_t2: 4,
} as const;

/** Name of a memory layout. */
export type Layout = keyof typeof LAYOUTS;
