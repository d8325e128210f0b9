/** Ops that move rows, of any type. */
import type { Extent, Node } from "../graph/graph.ts";
import type { Lowering } from "./_lowering.ts";

/** Lowers Patches, ConcatRows, GatherRows and MeanRows; returns whether the node is one of them. */
export function lowerRows(lowering: Lowering, node: Node): boolean {
  const { op, inputs: [x, second], attributes, output } = node;
  switch (op) {
    case "Patches": {
      const first = attributes.order === "channels_first";
      const [batch, a, b, c] = x!.shape;
      const [channels, height, width] = (first ? [a, b, c] : [c, a, b]) as number[];
      const lines: Extent[] = first
        ? [batch, channels * height, width]
        : [batch, height, width * channels];
      lowering.emit(output, "patches", {
        x: lowering.shaped(x!, lines),
        y: lowering.result(output),
      }, { height, width, channels, patch: attributes.patch as number, order: first ? 1 : 0 });
      return true;
    }
    case "ConcatRows":
      lowering.emit(output, "concat_rows", {
        first: lowering.operand(x!),
        x: lowering.operand(second!),
        y: lowering.result(output),
      });
      return true;
    case "GatherRows":
      lowering.emit(output, "gather_rows", {
        x: lowering.operand(x!),
        index: lowering.operand(second!),
        y: lowering.result(output),
      });
      return true;
    case "MeanRows":
      lowering.emit(output, "mean_rows", { x: lowering.operand(x!), y: lowering.result(output) });
      return true;
    default:
      return false;
  }
}
