/** Logits of whatever type as numbers. */
import type { Tensor } from "../../tensor.ts";

/** What logits of integers are multiples of. */
const LOGIT_UNIT = 2 ** -12;

/** Logits as float32. */
export function floatLogits({ dtype, data }: Tensor): Float32Array<ArrayBuffer> {
  if (dtype === "f32") return data as Float32Array<ArrayBuffer>;
  // Of integers every multiple below 2^12 is a float32 number, and no logit is larger. A loop, because it is
  // done for every token, and `Float32Array.from` with a function takes milliseconds.
  const multiples = data as Int32Array;
  const logits = new Float32Array(multiples.length);
  for (let id = 0; id < logits.length; id++) logits[id] = multiples[id] * LOGIT_UNIT;
  return logits;
}
