import { softmax } from "./float32.ts";
import type { Operands } from "./_operands.ts";
import { sequencesOf } from "./_sequences.ts";

/** Each token sees the rows of its session up to its own place. */
export function attentionCachedF32(op: Operands): void {
  const [q, keys, values, y] = [op.get("q"), op.get("keys"), op.get("values"), op.get("y")];
  const [slot, past, scale] = [op.get("slot"), op.get("past"), op.get("scale").get(0, 0)];
  const { round } = op.arithmetic;
  const [heads, group] = [op.attribute("kv_heads"), op.attribute("group")];
  const size = keys.columns / heads;
  sequencesOf(op).forEach(([first, end], s) => {
    const row = slot.get(0, s) * keys.extents[1];
    for (let t = first; t < end; t++) {
      const rows = Array.from({ length: past.get(0, s) + t - first + 1 }, (_, j) => row + j);
      for (let head = 0; head < heads * group; head++) {
        const column = head * size;
        const kv = Math.floor(head / group) * size;
        const query = Array.from({ length: size }, (_, d) => q.get(t, column + d));
        const p = softmax(
          rows.map((j) =>
            round(strided4(query.map((x, d) => round(x * keys.get(j, kv + d))), round) * scale)
          ),
          op.arithmetic,
        );
        for (let d = 0; d < size; d++) {
          const sum = rows.reduce(
            (sum, j, i) => round(sum + round(p[i] * values.get(j, kv + d))),
            0,
          );
          y.set(t, column + d, sum);
        }
      }
    }
  });
}

/** Four strided partial sums from +0, then `(a[0] + a[2]) + (a[1] + a[3])`. */
function strided4(products: readonly number[], round: (x: number) => number): number {
  const a = [0, 0, 0, 0];
  products.forEach((product, d) => a[d % 4] = round(a[d % 4] + product));
  return round(round(a[0] + a[2]) + round(a[1] + a[3]));
}
