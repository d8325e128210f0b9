import { FewbitError } from "../errors.ts";
import { DTYPE_ARRAYS } from "../tensor.ts";
import type { DType, TensorData } from "../tensor.ts";

/** Throws `dtype_mismatch` unless an array holds elements of a type, or raw bytes. */
export function checkType(action: string, dtype: DType, data: TensorData): void {
  if (data instanceof Uint8Array || data instanceof DTYPE_ARRAYS[dtype]) return;
  const given = ArrayBuffer.isView(data) ? (data as TensorData).constructor.name : typeof data;
  throw new FewbitError("dtype_mismatch", `${action}: it is ${dtype}, got ${given}`);
}
