import { TABLE_CODE } from "./_table_code.ts";
import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** Rows of a table of codes, each times its scale. */
export const embeddingScaledF32: MakeDispatches = (operation) => ({
  stages: [elementwise(
    operation,
    `${TABLE_CODE}fn element(t: u32, c: u32) -> u32 {
  let scale = read_scale(0u, u32(read_index(0u, t)));
  return f_mul(f_from_i32(code_of(t, c)), scale);
}`,
  )],
});
