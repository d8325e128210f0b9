import type { Operands } from "./_operands.ts";
import { requantizer, saturate } from "./_requantize.ts";

/** `q·kᵀ` for each head. */
export function attentionScoresI8(op: Operands): void {
  const [q, k, y] = [op.get("q"), op.get("k"), op.get("y")];
  const [batch, heads, queries, length] = y.extents;
  const size = q.columns / heads;
  const requantize = requantizer(op);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < queries; i++) {
        for (let j = 0; j < length; j++) {
          let acc = 0;
          for (let d = h * size; d < (h + 1) * size; d++) {
            acc = acc + q.get(b * queries + i, d) * k.get(b * length + j, d) | 0;
          }
          const score = requantize === undefined ? acc : saturate(requantize(acc, 0), y.dtype);
          y.set((b * heads + h) * queries + i, j, score);
        }
      }
    }
  }
}
