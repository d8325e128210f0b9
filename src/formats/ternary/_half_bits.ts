import { halfToFloat } from "../../numeric/float16.ts";

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
