import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** A table of 4,096 entries; codes outside of 12 bits have the first or the last. */
export const lookupI16: MakeDispatches = (operation) => ({
  stages: [elementwise(
    operation,
    `fn element(row: u32, column: u32) -> u32 {
  return u32(read_table(0u, u32(clamp(read_x(row, column) + 2048, 0, 4095))));
}`,
  )],
});
