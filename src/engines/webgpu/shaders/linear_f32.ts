import type { MakeDispatches } from "../wgsl/operation.ts";
import { plusProduct } from "./_products_f32.ts";
import { elementwise } from "./_word_owner.ts";

/** Float32 linear layer, k ascending in one accumulator; panels are used as they lie. */
export const linearF32: MakeDispatches = (operation) => ({
  stages: [elementwise(
    operation,
    `${plusProduct(operation)}fn element(row: u32, n: u32) -> u32 {
  let first = weight_at() + (n >> 3u) * x_columns() * 8u + (n & 7u);
  var sum = 0u;
  for (var k = 0u; k < x_columns(); k++) {
    sum = plus_product(sum, read_x(row, k), word_weight(first + 8u * k));
  }
  ${operation.has("bias") ? "sum = f_add(sum, read_bias(0u, n));" : ""}
  ${operation.has("identity") ? "sum = f_add(sum, read_identity(row, n));" : ""}
  return sum;
}`,
  )],
});
