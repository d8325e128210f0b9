import { expectDtype, expectShape, same, sameShape } from "../extent.ts";
import type { Value } from "../graph.ts";

/**
 * Throws unless b is as large as a, or repeats over leading extents of a, or has one column. Then it has as
 * many axes as a row vector of a's rows has at most.
 */
export function expectBroadcast(op: string, a: Value, b: Value): void {
  expectDtype(a, ["f32"], op);
  expectDtype(b, ["f32"], op);
  expectShape(isBroadcast(a, b), op, [a, b]);
}

/** Whether b repeats over leading extents of a, or over its columns. */
function isBroadcast(a: Value, b: Value): boolean {
  const rank = b.shape.length;
  if (rank === 0 || rank > a.shape.length) return false;
  const suffix = a.shape.slice(a.shape.length - rank);
  return sameShape(b.shape.slice(0, -1), suffix.slice(0, -1)) &&
    (b.shape[rank - 1] === 1 || same(b.shape[rank - 1], suffix[rank - 1]));
}
