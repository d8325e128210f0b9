/** Rounding up with the probability of what is rounded away: on average nothing is. Random words are those of Philox. */
import { HALF_NAN } from "./half.ts";
import type { HalfType } from "./half.ts";

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

/**
 * Bits of one of the two 16-bit floats next to a float32 number.
 *
 * bfloat16 takes the upper 16 bits of the word as what is added below its last bit, float16 the upper 13; below 2⁻¹⁴ float16 is
 * a number of steps of 2⁻²⁴, of which the fraction is compared with 24 bits. An infinity stays.
 */
export function stochasticHalf(type: HalfType, x: number, random: number): number {
  if (Number.isNaN(x)) return HALF_NAN[type];
  float[0] = x;
  const bits = word[0];
  if (type === "bf16") {
    if (!Number.isFinite(x)) return bits >>> 16;
    return Math.floor((bits + (random >>> 16)) / 0x10000);
  }
  const [sign, magnitude] = [bits >>> 16 & 0x8000, bits & 0x7fffffff];
  if (magnitude >= 0x38800000) {
    return sign | Math.min((magnitude - 0x38000000 + (random >>> 19)) >> 13, 0x7c00);
  }
  const steps = Math.abs(x) * 2 ** 24;
  const whole = Math.floor(steps);
  return sign | whole + (steps - whole >= 1 - (random >>> 8) * 2 ** -24 ? 1 : 0);
}
