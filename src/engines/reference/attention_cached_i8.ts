import { requantize } from "../../numeric/requantize.ts";
import type { Operand, Operands } from "./_operands.ts";
import { saturate } from "./_requantize.ts";
import { sequencesOf } from "./_sequences.ts";
import { softmaxQ15 } from "./_softmax_q15.ts";

/** A row of keys or values. */
interface Row {
  readonly of: Operand;
  readonly index: number;
}

/** Causal attention over the rings of sessions. */
export function attentionCachedI8(op: Operands): void {
  const [q, keys, values, y] = ["q", "keys", "values", "y"].map((name) => op.get(name));
  const [slot, past, rate, multiplier] = ["slot", "past", "rate", "multiplier"].map((name) =>
    op.get(name)
  );
  const [prefix, pinned, keyZero] = ["prefix", "q_pinned", "key_zero"].map((name) =>
    op.optional(name)
  );
  const [kvHeads, group] = [op.attribute("kv_heads"), op.attribute("group")];
  const [exponentials, valueZero] = [op.get("exponentials"), op.get("value_zero")];
  const [shift, zeroPoint] = [op.scalar("shift")!, BigInt(op.scalar("zero_point")!)];
  const ring = keys.extents[1];
  const window = Math.min(op.attribute("window") || ring, ring);
  const pinnedRows = prefix?.extents[1] ?? 0;
  const size = keys.columns / kvHeads;
  const product = (of: Operand, t: number, from: number, row: Row, at: number): number => {
    let sum = 0;
    for (let d = 0; d < size; d++) sum = sum + of.get(t, from + d) * row.of.get(row.index, at + d);
    return sum | 0;
  };

  sequencesOf(op).forEach(([first, end], s) => {
    for (let t = first; t < end; t++) {
      const position = past.get(0, s) + t - first;
      const fixed = Math.min(pinnedRows, position + 1);
      const [keyRows, valueRows]: [Row[], Row[]] = [[], []];
      for (let j = 0; j < fixed; j++) {
        keyRows.push({ of: prefix!, index: j });
        valueRows.push({ of: prefix!, index: pinnedRows + j });
      }
      for (let j = Math.max(pinnedRows, position - window + 1); j <= position; j++) {
        const index = slot.get(0, s) * ring + j % ring;
        keyRows.push({ of: keys, index });
        valueRows.push({ of: values, index });
      }
      for (let head = 0; head < kvHeads * group; head++) {
        const [kv, g] = [Math.floor(head / group), head % group];
        const [from, at] = [head * size, kv * size];
        // What the zero points of keys give a row of the prefix more than it would with q.
        let more = 0;
        for (let d = 0; pinned !== undefined && d < size; d++) {
          const change = q.get(t, from + d) - pinned.get(t, from + d);
          more = more + Math.imul(change, keyZero!.get(0, at + d)) | 0;
        }
        const scores = keyRows.map((row, j) =>
          j < fixed && pinned !== undefined
            ? product(pinned, t, from, row, at) + more | 0
            : product(q, t, from, row, at)
        );
        const p = softmaxQ15(scores, rate.get(kv, g), (u) => exponentials.get(0, u) >>> 0);
        const zero = valueZero.get(0, kv);
        for (let d = 0; d < size; d++) {
          const acc = valueRows.reduce(
            (sum, row, j) => sum + Math.imul(p[j], row.of.get(row.index, at + d) - zero) | 0,
            0,
          );
          const rounded = saturate(requantize(acc, multiplier.get(kv, g), shift), "i32");
          y.set(t, from + d, saturate(BigInt(rounded) + zeroPoint, "i8"));
        }
      }
    }
  });
}
