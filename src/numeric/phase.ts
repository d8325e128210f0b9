/**
 * Angles as phases: an integer p modulo 2^32 stands for p/2^32 of a turn, so that a position times a
 * frequency wraps exactly, however large the position is. Cosine and sine are polynomials in float32,
 * every operation rounded: the same bits on every engine. `bench/kernels/float32_error.ts` measures them:
 * at most 1.1·10^-7 off.
 */
import { horner } from "./exp.ts";

const { fround } = Math;

/** Of sin(x) = x + x·x²·(…), x² ascending from the end, for |x| ≤ π/4. */
export const SINE: readonly number[] = [
  -0.00019587890710681677,
  0.008332747966051102,
  -0.166666641831398,
];
/** Of cos(x) = 1 − x²/2 + x⁴·(…). */
export const COSINE: readonly number[] = [
  0.00002454794230288826,
  -0.001388830249197781,
  0.0416666641831398,
];
/** Radians of a unit. */
export const UNIT: number = fround(2 * Math.PI / 2 ** 32);

/**
 * Cosine and sine of a phase: the nearest quarter of a turn is taken off, x is what is left.
 *
 * @param phase Any integer of 32 bits.
 */
export function cosineAndSine(phase: number): readonly [cosine: number, sine: number] {
  const quarter = (phase + 2 ** 29 | 0) >> 30 & 3;
  const x = fround(fround(phase - (quarter << 30) | 0) * UNIT);
  const square = fround(x * x);
  const sine = fround(fround(fround(horner(SINE, square) * square) * x) + x);
  const cosine = fround(
    fround(fround(horner(COSINE, square) * fround(square * square)) - fround(0.5 * square)) + 1,
  );
  const [c, s] = quarter & 1 ? [sine, cosine] : [cosine, sine];
  return [quarter + 1 & 2 ? -c : c, quarter & 2 ? -s : s];
}

/**
 * What a rotation of 1 radian a position and its slower ones add to a phase with each position:
 * `round(base^(−2i/size)·2^32/2π)` for pair i.
 *
 * @param base The θ of rotary embeddings.
 * @param size Channels of a head, two for each pair.
 * @returns An unsigned integer of 32 bits for each pair, as i32.
 */
export function rotaryFrequencies(base: number, size: number): Int32Array {
  return Int32Array.from(
    { length: size / 2 },
    (_, i) => Math.round(base ** (-2 * i / size) * (2 ** 32 / (2 * Math.PI))),
  );
}
