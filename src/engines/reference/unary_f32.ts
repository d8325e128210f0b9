import type { Operands } from "./_operands.ts";
import { unaryFunctionOf } from "./_unary_functions.ts";

/** `y = f(x)`. */
export function unaryF32(op: Operands): void {
  const [x, y] = [op.get("x"), op.get("y")];
  const f = unaryFunctionOf(op);
  for (let row = 0; row < x.rows; row++) {
    for (let n = 0; n < x.columns; n++) y.set(row, n, f.value(x.get(row, n), op.arithmetic));
  }
}
