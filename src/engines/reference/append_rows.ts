import type { Operands } from "./_operands.ts";

/** Rows of a ragged batch to the rings of their sessions. */
export function appendRows(op: Operands): void {
  const [x, cache] = [op.get("x").bits(), op.get("cache").bits()];
  const [offsets, slot, past] = [op.get("offsets"), op.get("slot"), op.get("past")];
  const rows = cache.extents[1];
  for (let s = 0; s < slot.columns; s++) {
    const first = offsets.get(0, s);
    for (let t = first; t < offsets.get(0, s + 1); t++) {
      const to = slot.get(0, s) * rows + (past.get(0, s) + t - first) % rows;
      for (let c = 0; c < x.columns; c++) cache.set(to, c, x.get(t, c));
    }
  }
}
