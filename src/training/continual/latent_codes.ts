/** Activations in 8 or 16 bits, for a memory of examples. */
import { fromHalf, narrowed } from "../../numeric/half.ts";
import type { HalfType } from "../../numeric/half.ts";
import { roundHalfEven } from "../../numeric/half_even.ts";

/** How an activation is kept: as one of 256 numbers that each example has of its own, or as a 16-bit float. */
export type LatentType = "u8" | HalfType;

/** All of them. */
export const LATENT_TYPES: readonly LatentType[] = ["u8", "bf16", "f16"];

/** Activations on a grid of 256 numbers: `scale·(code − zeroPoint)`. */
export interface LatentCodes {
  readonly type: "u8";
  readonly codes: Uint8Array<ArrayBuffer>;
  /** float32. */
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Activations as bits of 16-bit floats. */
export interface LatentHalves {
  readonly type: HalfType;
  readonly codes: Uint16Array<ArrayBuffer>;
}

/** Activations of an example as they are kept. */
export type Latent = LatentCodes | LatentHalves;

/** Activations in fewer bits. */
export function encodeLatents(x: Float32Array, type: LatentType): Latent {
  return type === "u8" ? onGrid(x) : { type, codes: narrowed(type, x) };
}

/** Codes of activations; the grid reaches from the least to the largest of them, with 0 on it. */
function onGrid(x: Float32Array): LatentCodes {
  const low = x.reduce((a, b) => Math.min(a, b), 0);
  const high = x.reduce((a, b) => Math.max(a, b), 0);
  const step = Math.fround(Math.fround(high - low) / 255);
  const scale = step > 0 ? step : 1;
  const zeroPoint = roundHalfEven(-low / scale) + 0;
  const codes = new Uint8Array(x.length);
  for (let i = 0; i < x.length; i++) {
    codes[i] = Math.max(0, Math.min(255, roundHalfEven(x[i] / scale) + zeroPoint));
  }
  return { type: "u8", codes, scale, zeroPoint };
}

/** Writes what is kept as float32. */
export function decodeLatents(latent: Latent, to: Float32Array): void {
  if (latent.type === "u8") {
    const { codes, scale, zeroPoint } = latent;
    for (let i = 0; i < codes.length; i++) to[i] = scale * (codes[i] - zeroPoint);
  } else {
    latent.codes.forEach((bits, i) => to[i] = fromHalf(latent.type, bits));
  }
}
