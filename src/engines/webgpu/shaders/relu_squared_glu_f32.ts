import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** The square of the gate, 0 where it is negative, times the other half. */
export const reluSquaredGluF32: MakeDispatches = (operation) => ({
  stages: [elementwise(
    operation,
    `fn element(row: u32, c: u32) -> u32 {
  let r = f_max(read_gate(row, c), 0u);
  return f_mul(f_mul(r, r), read_up(row, c));
}`,
  )],
});
