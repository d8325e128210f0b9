import { matmul } from "./_matmul.ts";
import type { Operands } from "./_operands.ts";

/** `aᵀ·b`. */
export function matmulTnF32(op: Operands): void {
  matmul(op, true, false);
}
