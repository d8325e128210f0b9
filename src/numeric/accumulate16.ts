/**
 * Sums of products that are kept in 16 bits after each step, in the orders of PULP-TrainLib's kernels ("Reduced precision
 * floating-point optimization for Deep Neural Network On-Device Learning on MicroControllers", 2023): to be compared with.
 */
import { roundHalfEven } from "./half_even.ts";
import type { HalfType } from "./half.ts";

/**
 * How a sum is ordered. `sequential`: k ascending. `two_lane_2x4`: even and odd k apart, both added at the end, a last one that has no
 * pair after them; `two_lane_4x8`: that one is added to the even ones first.
 */
export const ACCUMULATION_ORDERS = ["sequential", "two_lane_2x4", "two_lane_4x8"] as const;

/** Bits of the fraction with the leading one, exponent of the least number, greatest number. */
const FORMATS: Readonly<Record<HalfType, readonly [number, number, number]>> = {
  f16: [11, -24, 65504],
  bf16: [8, -133, (2 - 2 ** -7) * 2 ** 127],
};

/** A number as a 16-bit float has it, rounded once. */
export function roundOnce(type: HalfType, x: number): number {
  if (!Number.isFinite(x) || x === 0) return x;
  const [bits, least, top] = FORMATS[type];
  const magnitude = Math.abs(x);
  let exponent = Math.floor(Math.log2(magnitude));
  // `log2` is rounded.
  if (2 ** exponent > magnitude) exponent--;
  else if (2 ** (exponent + 1) <= magnitude) exponent++;
  const quantum = 2 ** Math.max(exponent - bits + 1, least);
  const rounded = roundHalfEven(magnitude / quantum) * quantum;
  return Math.sign(x) * (rounded > top ? Infinity : rounded);
}

const words = new BigInt64Array(1);
const double = new Float64Array(words.buffer);

/**
 * `a + b` rounded once to 16 bits. In float64 the sum may be rounded; where it was, it is rounded to odd instead: of the two numbers
 * around the exact sum the one with an odd last bit, which no boundary between 16-bit floats is (Boldo and Melquiond, "Emulation of
 * FMA and correctly rounded sums", 2008).
 */
export function addOnce(type: HalfType, a: number, b: number): number {
  if (!Number.isFinite(a)) return a;
  const sum = a + b;
  const own = sum - a;
  const lost = (a - (sum - own)) + (b - own);
  if (!Number.isFinite(sum) || lost === 0) return roundOnce(type, sum);
  double[0] = sum;
  if ((words[0] & 1n) === 0n) words[0] += (lost > 0) === (sum > 0) ? 1n : -1n;
  return roundOnce(type, double[0]);
}

/** A sum that is kept in 16 bits, and a float32 product: rounded once, infinities and NaNs as in float32. */
export function accumulate16(type: HalfType, sum: number, product: number): number {
  const next = sum + product;
  return Number.isFinite(next) ? addOnce(type, sum, product) : next;
}

/**
 * The sum of products of two rows of 16-bit floats.
 *
 * @param order A place in {@linkcode ACCUMULATION_ORDERS}.
 * @param fused Whether a product and its sum are rounded once.
 */
export function dot16(
  type: HalfType,
  a: readonly number[],
  b: readonly number[],
  order: number,
  fused: boolean,
): number {
  const product = (k: number): number => roundOnce(type, a[k] * b[k]);
  const step = (sum: number, k: number): number =>
    addOnce(type, sum, fused ? a[k] * b[k] : product(k));
  if (a.length === 1) return product(0);
  if (order === 0) return a.reduce((sum, _, k) => step(sum, k), 0);
  const pairs = a.length & ~1;
  let [even, odd] = [0, 0];
  for (let k = 0; k < pairs; k += 2) {
    even = step(even, k);
    odd = step(odd, k + 1);
  }
  const isAlone = pairs < a.length;
  if (isAlone && order === 2) even = step(even, pairs);
  const sum = addOnce(type, even, odd);
  return isAlone && order === 1 ? addOnce(type, product(pairs), sum) : sum;
}
