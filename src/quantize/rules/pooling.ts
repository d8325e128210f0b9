/** Means and sums over rows, and values that only change their grid. */
import type { NodeNamed } from "../../graph/op_names.ts";
import { meanRows, poolRows } from "../../graph/ops/mod.ts";
import type { IntegerRewriter } from "../rewriter.ts";

/** Another grid for the same values. */
export function identityRule(rewriter: IntegerRewriter, node: NodeNamed<"Identity">): void {
  rewriter.settle(node.outputs.y, rewriter.readDivided(node, "x"));
}

/** The mean of the rows of an image. */
export function meanRowsRule(rewriter: IntegerRewriter, node: NodeNamed<"MeanRows">): void {
  const { value: x, ...rest } = rewriter.readDivided(node, "x");
  rewriter.settle(node.outputs.y, { ...rest, value: rewriter.graph.apply(meanRows, { x }) });
}

/** 32-bit sums of the rows of each text. */
export function poolRowsRule(rewriter: IntegerRewriter, node: NodeNamed<"PoolRows">): void {
  const { value: x, scale } = rewriter.read(node, "x");
  const offsets = rewriter.integerInput(node.inputs.offsets);
  const value = rewriter.graph.apply(poolRows, { x, offsets }, node.attributes);
  rewriter.settle(node.outputs.y, { value, scale });
}
