import { softmax } from "./float32.ts";
import { hiddenBy } from "./_mask.ts";
import type { Operands } from "./_operands.ts";

/** Attention for each head; every product and sum is rounded, d and j ascend. */
export function attentionF32(op: Operands): void {
  const [q, k, v, y] = [op.get("q"), op.get("k"), op.get("v"), op.get("y")];
  const bias = op.optional("bias");
  const scale = op.get("scale").get(0, 0);
  const heads = op.attribute("heads");
  const [batch, queries, columns] = q.extents;
  const length = k.extents[1];
  const size = columns / heads;
  const hidden = hiddenBy(op);
  const { round } = op.arithmetic;

  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < queries; i++) {
        const scores = Array.from({ length }, (_, j) => {
          if (hidden(b, i, j)) return -Infinity;
          let sum = 0;
          for (let d = h * size; d < (h + 1) * size; d++) {
            sum = round(sum + round(q.get(b * queries + i, d) * k.get(b * length + j, d)));
          }
          const score = round(sum * scale);
          return bias === undefined ? score : round(score + bias.get(h * queries + i, j));
        });
        const p = softmax(scores, op.arithmetic);
        for (let d = h * size; d < (h + 1) * size; d++) {
          const sum = p.reduce(
            (sum, pj, j) => round(sum + round(pj * v.get(b * length + j, d))),
            0,
          );
          y.set(b * queries + i, d, sum);
        }
      }
    }
  }
}
