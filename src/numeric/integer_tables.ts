/**
 * Tables of integer language models. No entry lies within 10^-6 of a tie, so that they do not depend on
 * a host's `cos` and `pow`.
 */

/** `⌊2^30·cos(2πi/1024) + ½⌋` for i = 0 … 1024: a turn, as `rotary_angles_i16` reads it. */
export function turnTable(): Int32Array {
  return Int32Array.from(
    { length: 1025 },
    (_, i) => Math.floor(Math.cos(2 * Math.PI * i / 1024) * 2 ** 30 + 0.5),
  );
}

/** `round(2^(20 − u/256))`, 0 for the last: exponentials of distances in 1/256 octaves, as in attention. */
export function exponentialTable(): Int32Array {
  return Int32Array.from(
    { length: 4096 },
    (_, u) => u < 4095 ? Math.round(2 ** (20 - u / 256)) : 0,
  );
}

/** `⌊2^30·2^(−i/256) + ½⌋` for i = 0 … 256: an octave, as `sample_i32` reads it. */
export function octaveTable(): Int32Array {
  return Int32Array.from({ length: 257 }, (_, i) => Math.floor(2 ** (30 - i / 256) + 0.5));
}

/**
 * What `sample_i32` has for a temperature.
 *
 * @param temperature At least 0.0008, or 0 for the largest logit.
 * @returns 1/65536 octaves a unit of logits with 12 fractional bits; 0 for temperature 0.
 */
export function samplingRate(temperature: number): number {
  if (temperature === 0) return 0;
  return Math.floor(16 * Math.LOG2E * 65536 / temperature + 0.5);
}
