import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** `SiLU(gate)·up`. */
export const swigluF32: MakeDispatches = (operation) => ({
  stages: [elementwise(
    operation,
    `fn element(row: u32, column: u32) -> u32 {
  return f_mul(f_silu(read_gate(row, column)), read_up(row, column));
}`,
  )],
});
