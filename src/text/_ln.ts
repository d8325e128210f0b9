const BITS = new DataView(new ArrayBuffer(8));
const LN2 = 0.6931471805599453;

/**
 * ln x of a normal positive float64, from +, −, × and ÷ only, because `Math.log` may differ from host
 * to host: x = m·2^e with m in [√½, √2), and ln m = 2·(s + s³/3 + s⁵/5 + …) with s = (m − 1)/(m + 1).
 * |s| < 0.172, so that the terms left out are below 2^−60.
 */
export function ln(x: number): number {
  BITS.setFloat64(0, x);
  const high = BITS.getUint32(0);
  let exponent = (high >>> 20) - 1023;
  BITS.setUint32(0, (high & 0xfffff) | (1023 << 20));
  let mantissa = BITS.getFloat64(0);
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent++;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  let sum = 0;
  for (let power = 23; power >= 1; power -= 2) sum = sum * s * s + 1 / power;
  return exponent * LN2 + 2 * s * sum;
}
