import { softmax } from "./float32.ts";
import type { Operands } from "./_operands.ts";
import { sequencesOf } from "./_sequences.ts";

/** Attention within each sequence; every product and sum is rounded, d and j ascend. */
export function attentionRaggedF32(op: Operands): void {
  const [q, k, v, y] = [op.get("q"), op.get("k"), op.get("v"), op.get("y")];
  const scale = op.get("scale").get(0, 0);
  const heads = op.attribute("heads");
  const size = q.columns / heads;
  const { round } = op.arithmetic;
  for (const [first, end] of sequencesOf(op)) {
    const tokens = Array.from({ length: end - first }, (_, j) => first + j);
    for (let h = 0; h < heads; h++) {
      const columns = Array.from({ length: size }, (_, d) => h * size + d);
      for (const i of tokens) {
        const scores = tokens.map((j) => {
          const dot = columns.reduce(
            (sum, c) => round(sum + round(q.get(i, c) * k.get(j, c))),
            0,
          );
          return round(dot * scale);
        });
        const p = softmax(scores, op.arithmetic);
        for (const c of columns) {
          y.set(
            i,
            c,
            tokens.reduce((sum, j) => round(sum + round(p[j - first] * v.get(j, c))), 0),
          );
        }
      }
    }
  }
}
