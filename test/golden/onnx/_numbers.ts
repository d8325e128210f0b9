import type { Tensor } from "../../../src/tensor.ts";

/** The elements of a constant as numbers; half floats are exact in float32. */
export function numbersOf({ dtype, data }: Tensor): number[] {
  if (dtype === "f16") {
    return Array.from(new Float16Array(data.buffer, data.byteOffset, data.length));
  }
  return Array.from(data as ArrayLike<number | bigint>, Number);
}
