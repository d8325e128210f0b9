import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** `y = x`, bit by bit. */
export const copy: MakeDispatches = (operation) => ({
  stages: [elementwise(
    operation,
    "fn element(row: u32, column: u32) -> u32 { return u32(read_x(row, column)); }",
  )],
});
