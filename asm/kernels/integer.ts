// Integer elements of any width, and the definition of a requantisation.
// Floats in real_multiplier: exact, a multiplier times a power of two.
import { ROUNDING_HALF_AWAY, ROUNDING_HALF_EVEN, ROUNDING_HALF_UP } from "../generated/attributes";
import { DTYPE_I16, DTYPE_I8, DTYPE_U8 } from "../generated/format";

/** An i8, u8, i16 or i32 element. */
// @ts-ignore: decorator
@inline
export function load_integer(at: usize, type: i32): i32 {
  return type == DTYPE_I8
    ? <i32> load<i8>(at)
    : type == DTYPE_I16
    ? <i32> load<i16>(at)
    : type == DTYPE_U8
    ? <i32> load<u8>(at)
    : load<i32>(at);
}

/** Stores the low bits. */
// @ts-ignore: decorator
@inline
export function store_integer(at: usize, type: i32, value: i32): void {
  if (type == DTYPE_I8 || type == DTYPE_U8) store<i8>(at, <i8> value);
  else if (type == DTYPE_I16) store<i16>(at, <i16> value);
  else store<i32>(at, value);
}

/** The largest i8, i16 or i32. */
// @ts-ignore: decorator
@inline
export function largest(type: i32): i32 {
  return type == DTYPE_I8 ? 127 : type == DTYPE_I16 ? 32767 : 2147483647;
}

/** Clamps to i8, i16 or i32. */
export function saturate(value: i64, type: i32): i32 {
  const high = <i64> largest(type);
  return <i32> (value > high ? high : value < ~high ? ~high : value);
}

/**
 * The definition: round(z·m / 2^e) as an exact integer. e < 1 counts as 1; e > 62 gives 0.
 *
 *   p = z·m;  half = 2^(e−1)
 *   half_even  (p + half − 1 + ((p >> e) & 1)) >> e
 *   half_up    (p + half) >> e
 *   half_away  sign(p)·((|p| + half) >> e)
 *   double     CMSIS-NN's arm_nn_requantize with shift s = 31 − e:
 *              h = i32((i32(z << max(s, 0))·m + 2^30) >> 31)        the left shift wraps
 *              r = max(−s, 0);  rest = h & (2^r − 1)
 *              (h >> r) + (rest > (2^r − 1 >> 1) + (h < 0) ? 1 : 0)
 *
 * |p| ≤ 2^62 and half ≤ 2^61: nothing overflows.
 */
export function rounded(z: i32, m: i32, e: i32, rounding: i32): i64 {
  if (e > 62) return 0;
  e = max(e, 1);
  const p = <i64> z * <i64> m;
  const half = <i64> 1 << (e - 1);
  if (rounding == ROUNDING_HALF_EVEN) return (p + half - 1 + ((p >> e) & 1)) >> e;
  if (rounding == ROUNDING_HALF_UP) return (p + half) >> e;
  if (rounding == ROUNDING_HALF_AWAY) return p < 0 ? -((half - p) >> e) : (p + half) >> e;
  const s = 31 - e;
  const h = <i64> <i32> ((<i64> (z << max(s, 0)) * <i64> m + (1 << 30)) >> 31);
  const r = max(-s, 0);
  const mask = (<i64> 1 << r) - 1;
  return (h >> r) + <i64> ((h & mask) > (mask >> 1) + <i64> (h < 0));
}

/** m·2^-e, exactly, for 1 ≤ e ≤ 62 after the limits of `rounded`; 0 for e > 62. */
export function real_multiplier(m: i32, e: i32): f64 {
  return e > 62 ? 0 : <f64> m * reinterpret<f64>(<i64> (1023 - max(e, 1)) << 52);
}

/** round_half_even(sum / n), n > 0. */
export function mean_half_even(sum: i64, n: i64): i64 {
  let q = sum / n, rest = sum - q * n;
  if (rest < 0) q--, rest += n;
  return q + <i64> (2 * rest > n || (2 * rest == n && (q & 1) != 0));
}
