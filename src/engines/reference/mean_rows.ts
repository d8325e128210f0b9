import type { Operands } from "./_operands.ts";
import { meanHalfEven } from "./_mean.ts";

/** Mean over the rows of each sequence; float32 adds them in order and multiplies by `fl32(1/N)`. */
export function meanRows(op: Operands): void {
  const [x, y] = [op.get("x"), op.get("y")];
  const [batch, length, columns] = x.extents;
  const { round } = op.arithmetic;
  const reciprocal = round(1 / length);
  for (let b = 0; b < batch; b++) {
    for (let c = 0; c < columns; c++) {
      let sum = 0;
      for (let row = 0; row < length; row++) {
        sum += x.get(b * length + row, c);
        if (x.dtype === "f32") sum = round(sum);
      }
      y.set(b, c, x.dtype === "f32" ? sum * reciprocal : meanHalfEven(sum, length));
    }
  }
}
