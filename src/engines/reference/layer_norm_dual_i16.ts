import { normalized } from "./layer_norm_i16.ts";
import type { Operands } from "./_operands.ts";
import { requantizer, saturate } from "./_requantize.ts";

/** I-ViT's LayerNorm with two requantised results. */
export function layerNormDualI16(op: Operands): void {
  const [x, bias, y, y2] = [op.get("x"), op.get("bias"), op.get("y"), op.get("y2")];
  const first = requantizer(op)!;
  const second = requantizer(op, "", "2")!;
  for (let row = 0; row < x.rows; row++) {
    normalized(x.row(row), bias).forEach((z, c) => {
      y.set(row, c, saturate(first(z, c), y.dtype));
      y2.set(row, c, saturate(second(z, c), y2.dtype));
    });
  }
}
