/** Weights as the oracle of integer language models quantises them, in float32. */
const { fround } = Math;
const LEAST_SCALE = 2 ** -23;

/** Half to even of float32. */
function nearest(x: number): number {
  const floor = Math.floor(x), rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

/** Weights as the oracle quantises them: codes, zero points and factors by groups of columns. */
export interface Quantized {
  readonly scales: number[];
  readonly codes: number[];
  readonly zero: number[];
  readonly factor: number[];
}

/** Symmetric codes of 8 bits, a scale a row. */
export function eightBits(w: Float32Array, n: number, k: number): Quantized {
  const rows = Array.from({ length: n }, (_, r) => w.subarray(r * k, (r + 1) * k));
  const scales = rows.map((row) =>
    Math.max(fround(row.reduce((a, b) => Math.max(a, Math.abs(b)), 0) / 127), LEAST_SCALE)
  );
  const codes = rows.flatMap((row, r) =>
    Array.from(row, (v) => {
      const code = nearest(fround(fround(1 / scales[r]) * v));
      return Math.max(-128, Math.min(127, code));
    })
  );
  return { scales, codes, zero: scales.map(() => 0), factor: scales.map(() => 1) };
}

/** Codes of 4 bits in groups of columns, with integer factors where factorMax is not 0. */
export function fourBits(
  w: Float32Array,
  n: number,
  k: number,
  group: number,
  factorMax: number,
): Quantized {
  const result: Quantized = { scales: [], codes: [], zero: [], factor: [] };
  for (let r = 0; r < n; r++) {
    const row = w.subarray(r * k, (r + 1) * k);
    const groups = Array.from(
      { length: Math.ceil(k / group) },
      (_, g) => row.subarray(g * group, (g + 1) * group),
    );
    const ranges = groups.map((part) => {
      const [low, high] = [Math.min(0, ...part), Math.max(0, ...part)];
      const scale = Math.max(fround(fround(high - low) / 15), LEAST_SCALE);
      return { scale, zero: nearest(fround(Math.abs(low) / scale)) };
    });
    const largest = Math.max(...ranges.map(({ scale }) => scale));
    const scale = factorMax > 0 ? fround(largest / factorMax) : largest;
    result.scales.push(scale);
    ranges.forEach(({ scale: own, zero }, g) => {
      const factor = factorMax > 0
        ? Math.max(1, Math.min(factorMax, nearest(fround(own / scale))))
        : 1;
      result.zero.push(zero);
      result.factor.push(factor);
      const step = fround(factor * scale);
      for (const v of groups[g]) {
        result.codes.push(Math.max(0, Math.min(15, nearest(fround(v / step)) + zero)));
      }
    });
  }
  return result;
}
