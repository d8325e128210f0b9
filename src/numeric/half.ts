/**
 * Floats of 16 bits, to and from float32: one rounding, to the nearest, of two the even one; subnormals stay; every NaN
 * becomes the one that has neither sign nor payload.
 */
import type { DType } from "../tensor.ts";
import { bfloat16ToFloat } from "./bfloat16.ts";
import { halfToFloat } from "./float16.ts";
import { roundHalfEven } from "./half_even.ts";

/** A type of 16-bit floats. */
export type HalfType = "f16" | "bf16";

/** The NaN of each. */
export const HALF_NAN: Readonly<Record<HalfType, number>> = { f16: 0x7e00, bf16: 0x7fc0 };

/** The least number above all finite ones that rounds to infinity: half a unit above the greatest one. */
const F16_OVERFLOW = 65520;

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

/** Whether a type is one of 16-bit floats. */
export function isHalf(dtype: DType): dtype is HalfType {
  return dtype === "f16" || dtype === "bf16";
}

/** Value of the bits of a 16-bit float. */
export function fromHalf(type: HalfType, bits: number): number {
  return type === "f16" ? halfToFloat(bits) : bfloat16ToFloat(bits);
}

/** Bits of the 16-bit float next to a float32 number. */
export function toHalf(type: HalfType, x: number): number {
  if (Number.isNaN(x)) return HALF_NAN[type];
  return type === "f16" ? toFloat16(x) : toBfloat16(x);
}

/**
 * Of a float64 number in one rounding, not by way of float32: `x/quantum` is exact, for a quantum is a power of two, and the
 * fraction that reaches 2048 is the next exponent.
 */
function toFloat16(x: number): number {
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(x);
  if (magnitude >= F16_OVERFLOW) return sign | 0x7c00;
  if (magnitude < 2 ** -14) return sign | roundHalfEven(magnitude * 2 ** 24);
  let exponent = 15;
  while (2 ** exponent > magnitude) exponent--;
  return sign | (exponent + 14 << 10) + roundHalfEven(magnitude / 2 ** (exponent - 10));
}

/** The upper half of a float32, of which the lower one is rounded away. */
function toBfloat16(x: number): number {
  float[0] = x;
  return (word[0] + 0x7fff + (word[0] >>> 16 & 1)) >>> 16 & 0xffff;
}

/** A float32 number rounded to a 16-bit float. */
export function roundToHalf(type: HalfType, x: number): number {
  return fromHalf(type, toHalf(type, x));
}

/** 16-bit floats next to float32 numbers, as their bits. */
export function narrowed(type: HalfType, values: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) bits[i] = toHalf(type, values[i]);
  return bits;
}

/** Values of the bits of 16-bit floats. */
export function widened(type: HalfType, bits: ArrayLike<number>): Float32Array<ArrayBuffer> {
  const values = new Float32Array(bits.length);
  for (let i = 0; i < values.length; i++) values[i] = fromHalf(type, bits[i]);
  return values;
}
