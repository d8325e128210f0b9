import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** Codes to float32; the difference, which may have 33 bits, and the product are each rounded once. */
export const dequantizeLinear: MakeDispatches = (operation) => {
  const code = "read_x(row, column)";
  const difference = operation.has("zero_point")
    ? `f_from_i64(sub64(wide(${code}), wide(read_zero_point(0u, 0u))))`
    : `f_from_i32(${code})`;
  const scale = `read_scale(0u, ${operation.column("scale", "column")})`;
  return {
    stages: [elementwise(
      operation,
      `fn element(row: u32, column: u32) -> u32 { return f_mul(${difference}, ${scale}); }`,
    )],
  };
};
