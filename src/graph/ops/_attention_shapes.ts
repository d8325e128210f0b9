import { expectInteger } from "../attribute.ts";
import { expectShape, fixed, same, sameShape } from "../extent.ts";
import type { Extent, Value } from "../graph.ts";

/** Shape of scores, for float32 and for integers. */
export function attentionScoresShape(
  op: string,
  q: Value,
  k: Value,
  heads: number,
): Extent[] {
  expectInteger(heads, 1, `${op}: heads`);
  const fits = q.shape.length === 3 && k.shape.length === 3 && same(q.shape[0], k.shape[0]) &&
    same(q.shape[2], k.shape[2]) && fixed(q.shape[2], "channels") % heads === 0;
  expectShape(fits, op, [q, k]);
  return [q.shape[0], heads, q.shape[1], k.shape[1]];
}

/** Shape of values, for float32 and for integers. */
export function attentionValuesShape(op: string, p: Value, v: Value): Extent[] {
  const fits = p.shape.length === 4 && v.shape.length === 3 && same(p.shape[0], v.shape[0]) &&
    same(p.shape[3], v.shape[1]);
  expectShape(fits, op, [p, v]);
  return [v.shape[0], p.shape[2], v.shape[2]];
}

/** Shape of an attention within sequences, for float32 and for integers. */
export function raggedAttentionShape(
  op: string,
  [q, k, v, offsets]: readonly Value[],
  heads: number,
): readonly Extent[] {
  expectInteger(heads, 1, `${op}: heads`);
  const fits = q.shape.length === 2 && sameShape(q.shape, k.shape) && sameShape(q.shape, v.shape) &&
    offsets.shape.length === 1 &&
    fixed(q.shape[1], "channels") % heads === 0;
  expectShape(fits, op, [q, k, v, offsets]);
  return q.shape;
}
