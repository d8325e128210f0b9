/** Sequences of a ragged batch. */
import type { Operands } from "./_operands.ts";

/** First token and the one behind the last, of each sequence. */
export function sequencesOf(op: Operands): [first: number, end: number][] {
  const bounds = op.get("offsets").row(0);
  return bounds.slice(1).map((end, s) => [bounds[s], end]);
}

/** Position of each token in its sequence; there are `count` positions, later tokens have the last. */
export function positionsOf(op: Operands, count: number): number[] {
  return sequencesOf(op).flatMap(([first, end]) =>
    Array.from({ length: end - first }, (_, p) => Math.min(p, count - 1))
  );
}
