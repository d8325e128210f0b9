/** Pixels as the Fashion-MNIST model was trained on them. */
export function normalize(pixels: Uint8Array): Float32Array<ArrayBuffer> {
  return Float32Array.from(pixels, (pixel) => (pixel / 255 - 0.286) / 0.353);
}
