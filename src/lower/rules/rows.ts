/** Ops that move rows, of any type. */
import type { OpName } from "../../graph/op_names.ts";
import type { Extent } from "../../graph/graph.ts";
import type { RulesOf } from "../rule.ts";

/** Rules of ops on rows. */
export const ROW_RULES = {
  ConcatRows(lowering, { inputs: { first, x }, outputs: { y } }) {
    lowering.emit(y, "concat_rows", {
      first: lowering.operand(first),
      x: lowering.operand(x),
      y: lowering.result(y),
    });
  },
  GatherRows(lowering, { inputs: { x, index }, outputs: { y } }) {
    lowering.emit(y, "gather_rows", {
      x: lowering.operand(x),
      index: lowering.operand(index),
      y: lowering.result(y),
    });
  },
  MeanRows(lowering, { inputs: { x }, outputs: { y } }) {
    lowering.emit(y, "mean_rows", { x: lowering.operand(x), y: lowering.result(y) });
  },
  Patches(lowering, { inputs: { x }, attributes: { patch, order }, outputs: { y } }) {
    const first = order === "channels_first";
    const [batch, a, b, c] = x.shape;
    const [channels, height, width] = (first ? [a, b, c] : [c, a, b]) as number[];
    const lines: Extent[] = first
      ? [batch, channels * height, width]
      : [batch, height, width * channels];
    lowering.emit(y, "patches", {
      x: lowering.shaped(x, lines),
      y: lowering.result(y),
    }, { height, width, channels, patch, order: first ? 1 : 0 });
  },
} satisfies Partial<RulesOf<OpName>>;
