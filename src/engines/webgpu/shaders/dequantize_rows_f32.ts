import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** Sums to float32: times the column's scale, over the row's factor. */
export const dequantizeRowsF32: MakeDispatches = (operation) => ({
  stages: [elementwise(
    operation,
    `fn element(row: u32, n: u32) -> u32 {
  let product = f_mul(f_from_i32(read_x(row, n)), read_scale(0u, n));
  return f_div(product, read_alpha(row, 0u));
}`,
  )],
});
