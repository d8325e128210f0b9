import type { Operands } from "./_operands.ts";
import { hiddenBy } from "./_mask.ts";
import { requantizer, saturate } from "./_requantize.ts";
import { rowSoftmax } from "./_softmax_i8.ts";

/** Scores, their bias, softmax and the product with the values, row by row. */
export function attentionI8(op: Operands): void {
  const [q, k, v, y] = [op.get("q"), op.get("k"), op.get("v"), op.get("y")];
  const bias = op.optional("bias");
  const heads = op.attribute("heads");
  const [batch, queries, columns] = q.extents;
  const length = k.extents[1];
  const size = columns / heads;
  const requantize = requantizer(op)!;
  const requantize2 = requantizer(op, "", "2");
  const requantizeValue = requantizer(op, "value_")!;
  const hidden = hiddenBy(op);
  const softmax = rowSoftmax(op, op.attribute("bits") === 1 ? 8 : 16);

  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < queries; i++) {
        const scores: number[] = [];
        const mask: boolean[] = [];
        for (let j = 0; j < length; j++) {
          let acc = 0;
          for (let d = h * size; d < (h + 1) * size; d++) {
            acc = acc + q.get(b * queries + i, d) * k.get(b * length + j, d) | 0;
          }
          let score = saturate(requantize(acc, 0), "i8");
          if (bias !== undefined) {
            score = saturate(requantize2!(score, 0) + BigInt(bias.get(h * queries + i, j)), "i8");
          }
          scores.push(score);
          mask.push(hidden(b, i, j));
        }
        const p = softmax(scores, mask);
        for (let d = h * size; d < (h + 1) * size; d++) {
          const acc = p.reduce((sum, pj, j) => sum + pj * v.get(b * length + j, d) | 0, 0);
          y.set(b * queries + i, d, saturate(requantizeValue(acc, 0), "i8"));
        }
      }
    }
  }
}
