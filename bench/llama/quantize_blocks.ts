/** Weights in llama.cpp's blocks of 32, rounded as `quantize_row_q8_0_ref` and `quantize_row_q4_0_ref` do it. */
import type { Bytes } from "./gguf_bytes.ts";

const BLOCK = 32;

/** A scale in float16, the largest magnitude is 127 steps; 32 signed codes. */
export function quantizeQ8(values: Float32Array): Bytes {
  const bytes = new Uint8Array(values.length / BLOCK * 34);
  const view = new DataView(bytes.buffer);
  for (let i = 0, at = 0; i < values.length; i += BLOCK, at += 34) {
    let most = 0;
    for (let k = 0; k < BLOCK; k++) most = Math.max(most, Math.abs(values[i + k]));
    const scale = Math.fround(most / 127);
    view.setFloat16(at, scale, true);
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
    for (let k = 0; k < BLOCK; k++) {
      const value = Math.fround(values[i + k] * inverse);
      // Half away from zero, as C's roundf.
      view.setInt8(at + 2 + k, Math.sign(value) * Math.floor(Math.abs(value) + 0.5));
    }
  }
  return bytes;
}

/** A scale in float16, the value of largest magnitude is −8 steps; 32 codes + 8, those from the 17th on in the high bits. */
export function quantizeQ4(values: Float32Array): Bytes {
  const bytes = new Uint8Array(values.length / BLOCK * 18);
  const view = new DataView(bytes.buffer);
  for (let i = 0, at = 0; i < values.length; i += BLOCK, at += 18) {
    let most = 0;
    for (let k = 0; k < BLOCK; k++) {
      if (Math.abs(values[i + k]) > Math.abs(most)) most = values[i + k];
    }
    const scale = Math.fround(most / -8);
    view.setFloat16(at, scale, true);
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
    const code = (k: number): number =>
      Math.min(15, Math.trunc(Math.fround(Math.fround(values[i + k] * inverse) + 8.5)));
    for (let k = 0; k < 16; k++) bytes[at + 2 + k] = code(k) | code(k + 16) << 4;
  }
  return bytes;
}
