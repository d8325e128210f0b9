/** The share of a normal distribution beyond a number, as a polynomial (`asm/kernels/f32_math.ts`). */

/** The factor of a in `1 / (1 + 0.3·a)`. */
export const TAIL_STEP: number = Math.fround(0.3);
/** Coefficients of `Φ(−a)·e^(a²/2)` in that, highest power first. */
export const TAIL_COEFFICIENTS: readonly number[] = [
  0.035674773156642914,
  -0.1572030782699585,
  0.20635348558425903,
  -0.05368364229798317,
  0.12856163084506989,
  0.09991349279880524,
  0.12075395882129669,
  0.11962930113077164,
].map(Math.fround);
