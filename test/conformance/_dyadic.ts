/** What a quantiser computes offline, for vectors that give scales. */

/** A float32 from its bits. */
export function float32(bits: number): number {
  return new Float32Array(new Uint32Array([bits]).buffer)[0];
}

/** `A/B` as `m·2^-e`, m of 31 bits and a sign (../spec/ivit.md §1.4). */
export function dyadicOf(a: number, b: number): { m: number; e: number } {
  const ratio = a / b;
  let exponent = 0;
  let fraction = Math.abs(ratio);
  while (fraction >= 1) fraction /= 2, exponent++;
  while (fraction < 0.5) fraction *= 2, exponent--;
  const m = Math.floor(fraction * 2 ** 31 + 0.5);
  return halved(Math.sign(ratio) * m, 31 - exponent);
}

/** A multiplier of ±2^31 does not fit 32 bits: half of it, and one bit less to shift. */
export function halved(m: number, e: number): { m: number; e: number } {
  return Math.abs(m) === 2 ** 31 ? { m: m / 2, e: e - 1 } : { m, e };
}

/** `⌊−fl32(1/s)⌋`. */
export function x0Of(scale: number): number {
  return Math.floor(-Math.fround(1 / scale));
}
