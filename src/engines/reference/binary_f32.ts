import { BINARY_FUNCTIONS } from "../../instructions/binary_functions.ts";
import type { BinaryFunction } from "../../instructions/binary_functions.ts";
import type { Operands } from "./_operands.ts";
import { repeated } from "./_repeated.ts";

const FUNCTIONS: { readonly [F in BinaryFunction]: (a: number, b: number) => number } = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  minimum: (a, b) => b < a ? b : a,
  maximum: (a, b) => a < b ? b : a,
  less: (a, b) => a < b ? 1 : 0,
};

/** `y = f(a, b)`, rounded where it is stored. */
export function binaryF32(op: Operands): void {
  const [a, b, y] = [op.get("a"), op.get("b"), op.get("y")];
  const f = FUNCTIONS[BINARY_FUNCTIONS[op.attribute("binary")]];
  for (let row = 0; row < a.rows; row++) {
    for (let n = 0; n < a.columns; n++) y.set(row, n, f(a.get(row, n), repeated(b, row, n)));
  }
}
