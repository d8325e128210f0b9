import type { Operands } from "./_operands.ts";
import { unaryFunctionOf } from "./_unary_functions.ts";

/** `dx = dy·f'(x)`. */
export function unaryGradientF32(op: Operands): void {
  const [x, dy, dx] = [op.get("x"), op.get("dy"), op.get("dx")];
  const f = unaryFunctionOf(op);
  for (let row = 0; row < x.rows; row++) {
    for (let n = 0; n < x.columns; n++) {
      dx.set(row, n, dy.get(row, n) * f.slope(x.get(row, n), op.arithmetic));
    }
  }
}
