/** Activations as bytes, for a memory of examples. */
import { roundHalfEven } from "../../numeric/half_even.ts";

/** Activations on a grid of 256 numbers: `scale·(code − zeroPoint)`. */
export interface LatentCodes {
  readonly codes: Uint8Array<ArrayBuffer>;
  /** float32. */
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Codes of activations; the grid reaches from the least to the largest of them, with 0 on it. */
export function encodeLatents(x: Float32Array): LatentCodes {
  const low = x.reduce((a, b) => Math.min(a, b), 0);
  const high = x.reduce((a, b) => Math.max(a, b), 0);
  const step = Math.fround(Math.fround(high - low) / 255);
  const scale = step > 0 ? step : 1;
  const zeroPoint = roundHalfEven(-low / scale) + 0;
  const codes = new Uint8Array(x.length);
  for (let i = 0; i < x.length; i++) {
    codes[i] = Math.max(0, Math.min(255, roundHalfEven(x[i] / scale) + zeroPoint));
  }
  return { codes, scale, zeroPoint };
}

/** Writes what codes stand for. */
export function decodeLatents({ codes, scale, zeroPoint }: LatentCodes, to: Float32Array): void {
  for (let i = 0; i < codes.length; i++) to[i] = scale * (codes[i] - zeroPoint);
}
