import type { MakeDispatches } from "../wgsl/operation.ts";
import { arm, saturated, withZeroPoint } from "./_requantized.ts";
import { elementwise } from "./_word_owner.ts";

/** Arms are rounded each on its own and added in 64 bits; the sum saturates once. */
export const requantize: MakeDispatches = (operation) => {
  let sum = arm(operation, "read_x(row, column)", "column");
  if (operation.has("identity")) {
    const repeated = "read_identity(row % identity_rows(), column)";
    sum = `add64(${sum}, ${arm(operation, repeated, "0u", "identity_")})`;
  }
  const code = saturated(operation.dtype("y"), withZeroPoint(operation, sum));
  return {
    stages: [elementwise(
      operation,
      `fn element(row: u32, column: u32) -> u32 { return u32(${code}); }`,
    )],
  };
};
