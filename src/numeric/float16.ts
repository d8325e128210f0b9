/** IEEE binary16 numbers and their bits. */

/** Value of a binary16 number; exact in float32. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = bits >> 10 & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Bits of the binary16 number that equals a value; `undefined` where there is none. */
export function halfBits(value: number): number | undefined {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  // Positive numbers are in the order of their bits; 0x7bff is the largest finite one.
  let low = 0;
  let high = 0x7bff;
  while (low < high) {
    const middle = low + high >> 1;
    if (halfToFloat(middle) < magnitude) low = middle + 1;
    else high = middle;
  }
  return halfToFloat(low) === magnitude ? sign | low : undefined;
}
