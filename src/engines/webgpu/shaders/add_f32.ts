import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** `y = a + b`, the rows of b taken in turn. */
export const addF32: MakeDispatches = (operation) => ({
  stages: [elementwise(
    operation,
    `fn element(row: u32, column: u32) -> u32 {
  return f_add(read_a(row, column), read_b(row % b_rows(), column));
}`,
  )],
});
