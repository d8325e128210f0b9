import { linearI8 } from "./linear_i8.ts";
import type { Operands } from "./_operands.ts";

/** As `linear_i8`, whose meaning holds for activations of any integer type. */
export function linearI16(op: Operands): void {
  linearI8(op);
}
