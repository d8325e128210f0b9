/** Integers as sums of integers of 8 bits. */
export function eightBits(values: readonly number[]): number[][] {
  const parts: number[][] = [];
  let rest = [...values];
  do {
    const part = rest.map((value) => Math.max(-128, Math.min(127, value)));
    parts.push(part);
    rest = rest.map((value, i) => value - part[i]);
  } while (rest.some((value) => value !== 0));
  return parts;
}
