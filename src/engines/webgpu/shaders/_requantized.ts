/** Requantisations in WGSL. */
import type { DType } from "../../../tensor.ts";
import type { Operation } from "../wgsl/operation.ts";

/** `round(z·multiplier[n] / 2^shift[n])` as 64 bits. */
export function arm(
  operation: Operation,
  z: string,
  n: string,
  prefix = "",
  suffix = "",
): string {
  const factor = (of: string): string => {
    const name = `${prefix}${of}${suffix}`;
    return `read_${name}(0u, ${operation.column(name, n)})`;
  };
  return `rounded(${z}, ${factor("multiplier")}, ${factor("shift")}, attribute_rounding())`;
}

/** A 64-bit integer as an `i32` in the range of a type. */
export function saturated(dtype: DType, value: string): string {
  const whole = `saturate32(${value})`;
  if (dtype === "i32") return whole;
  return dtype === "i8" ? `clamp(${whole}, -128, 127)` : `clamp(${whole}, -32768, 32767)`;
}

/** `arm` in the range of a type. */
export function requantized(
  operation: Operation,
  dtype: DType,
  z: string,
  n: string,
  prefix = "",
  suffix = "",
): string {
  return saturated(dtype, arm(operation, z, n, prefix, suffix));
}

/** A sum, requantised where there is a multiplier. */
export function sumOrCode(operation: Operation, z: string, n: string): string {
  return operation.has("multiplier") ? requantized(operation, operation.dtype("y"), z, n) : z;
}

/** A 64-bit integer with the zero point added, where there is one. */
export function withZeroPoint(operation: Operation, value: string): string {
  return operation.has("zero_point") ? `add64(${value}, wide(read_zero_point(0u, 0u)))` : value;
}
