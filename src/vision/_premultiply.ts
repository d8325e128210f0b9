import type { Image } from "./image.ts";

/** Multiplies the colours of an RGBA image by its alpha, rounding as Pillow's `convert("RGBa")` does. */
export function premultiply(image: Image): Image {
  const { data } = image;
  const out = new Uint8Array(data.length);
  for (let p = 0; p < data.length; p += 4) {
    const alpha = data[p + 3];
    for (let c = 0; c < 3; c++) {
      const product = data[p + c] * alpha + 128;
      out[p + c] = ((product >> 8) + product) >> 8;
    }
    out[p + 3] = alpha;
  }
  return { ...image, data: out };
}

/** Divides the colours of an RGBA image by its alpha, truncating and clamping as Pillow's `convert("RGBA")` does. */
export function unpremultiply(image: Image): Image {
  const { data } = image;
  const out = data.slice();
  for (let p = 0; p < data.length; p += 4) {
    const alpha = data[p + 3];
    if (alpha === 0 || alpha === 255) continue;
    for (let c = 0; c < 3; c++) out[p + c] = Math.min(255, Math.trunc(255 * data[p + c] / alpha));
  }
  return { ...image, data: out };
}
