// Multipliers m·2^-e of four channels at once, as f64 without rounding: m has 31 bits; e < 1 counts as 1, and e > 62 gives 0.
// Floats in *: exact, a multiplier times a power of two; limits are bounds.

/** High words of 2^-e: (1023 − e)·2^20. The low words are 0. */
// @ts-ignore: decorator
@inline
export function high_of_power(e: v128): v128 {
  return v128.and(
    i32x4.shl(i32x4.sub(i32x4.splat(1023), i32x4.max_s(e, i32x4.splat(1))), 20),
    i32x4.le_s(e, i32x4.splat(62)),
  );
}

/** m·2^-e of two channels. */
// @ts-ignore: decorator
@inline
export function times_power(m: v128, power: v128): v128 {
  return f64x2.mul(f64x2.convert_low_i32x4_s(m), power);
}

/** ⌈bound / |M|⌉, infinite for M = 0: what is larger than that in size saturates. */
// @ts-ignore: decorator
@inline
export function limit_of(bound: v128, m: v128): v128 {
  return f64x2.ceil(f64x2.div(bound, f64x2.abs(m)));
}
