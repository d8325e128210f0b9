import type { MakeDispatches } from "../wgsl/operation.ts";
import { saturated, withZeroPoint } from "./_requantized.ts";
import { elementwise } from "./_word_owner.ts";

/** Float32 to codes; the reciprocal and the product are rounded to float32, NaN counts as 0. */
export const quantizeLinear: MakeDispatches = (operation) => {
  const code =
    "wide(f_to_i32_half_even(f_mul(f_div(ONE, read_scale(0u, 0u)), read_x(row, column))))";
  const result = saturated(operation.dtype("y"), withZeroPoint(operation, code));
  return {
    stages: [elementwise(
      operation,
      `fn element(row: u32, column: u32) -> u32 { return u32(${result}); }`,
    )],
  };
};
