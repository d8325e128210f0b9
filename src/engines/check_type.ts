import { FewbitError } from "../errors.ts";
import { DTYPE_ARRAYS } from "../tensor.ts";
import type { DType, TensorData } from "../tensor.ts";

/** Whether an array holds elements of a type, or raw bytes; clamped ones are those of pictures. */
export function holds(dtype: DType, data: unknown): data is TensorData | Uint8ClampedArray {
  return data instanceof Uint8Array || data instanceof DTYPE_ARRAYS[dtype] ||
    (dtype === "u8" && data instanceof Uint8ClampedArray);
}

/** Throws `dtype_mismatch` unless an array holds elements of a type, or raw bytes. */
export function checkType(action: string, dtype: DType, data: unknown): void {
  if (holds(dtype, data)) return;
  const given = ArrayBuffer.isView(data) ? data.constructor.name : typeof data;
  throw new FewbitError("dtype_mismatch", `${action} is ${dtype}, got ${given}`);
}
