/** Values of 16-bit floats from their bits; both conversions are exact in float32. */

/** Value of an IEEE binary16 number. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = bits >> 10 & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const word = new Uint32Array(1);
const value = new Float32Array(word.buffer);

/** Value of a bfloat16 number: the upper half of a float32. */
export function bfloat16ToFloat(bits: number): number {
  word[0] = bits << 16;
  return value[0];
}
