/**
 * What the dot product of a host is, and the logits of a picture in each form that it can have.
 *
 * @param {(file: Uint8Array, options?: object) => Promise<any>} load
 * @param {Uint8Array} file
 * @param {Uint8Array} pixels
 * @returns {Promise<{ dot: string, logits: number[][] }>} `none` where it has no relaxed SIMD.
 */
export async function dotsOf(load, file, pixels) {
  const { dot } = await load(file);
  const logits = [];
  for (const options of dot === undefined ? [{}] : [{}, { dot: "seven" }]) {
    const instance = await load(file, options);
    const outputs = await instance.run({ pixels });
    logits.push(Array.from(outputs.logits.data));
  }
  return { dot: dot ?? "none", logits };
}
