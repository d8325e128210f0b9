import { matmul } from "./_matmul.ts";
import type { Operands } from "./_operands.ts";

/** `a·b`. */
export function matmulNnF32(op: Operands): void {
  matmul(op, false, false);
}
