import type { Operands } from "./_operands.ts";
import { requantizer, saturate } from "./_requantize.ts";
import { sequencesOf } from "./_sequences.ts";
import { rowSoftmax } from "./_softmax_i8.ts";

/** Integer attention within each sequence. */
export function attentionRaggedI8(op: Operands): void {
  const [q, k, v, y] = [op.get("q"), op.get("k"), op.get("v"), op.get("y")];
  const heads = op.attribute("heads");
  const size = q.columns / heads;
  const requantize = requantizer(op)!;
  const requantizeValue = requantizer(op, "value_")!;
  const softmax = rowSoftmax(op, 16);
  for (const [first, end] of sequencesOf(op)) {
    const tokens = Array.from({ length: end - first }, (_, j) => first + j);
    const hidden = tokens.map(() => false);
    for (let h = 0; h < heads; h++) {
      const columns = Array.from({ length: size }, (_, d) => h * size + d);
      for (const i of tokens) {
        const scores = tokens.map((j) => {
          const acc = columns.reduce((sum, c) => sum + q.get(i, c) * k.get(j, c) | 0, 0);
          return saturate(requantize(acc, 0), "i8");
        });
        const p = softmax(scores, hidden);
        for (const c of columns) {
          const acc = tokens.reduce((sum, j) => sum + p[j - first] * v.get(j, c) | 0, 0);
          y.set(i, c, saturate(requantizeValue(acc, 0), "i8"));
        }
      }
    }
  }
}
