/** Ops that move no data: they are other views of the same memory. */
import { plus } from "../graph/extent.ts";
import type { Node } from "../graph/graph.ts";
import { reshapePlaced, selectRow } from "./_lowering.ts";
import type { Lowering } from "./_lowering.ts";

/** Lowers SliceColumns, SelectRow, Reshape and Identity; returns whether the node is one of them. */
export function lowerView(lowering: Lowering, node: Node): boolean {
  const { op, inputs: [x], attributes, output } = node;
  switch (op) {
    case "SliceColumns": {
      const placed = lowering.placed(x!);
      lowering.alias(output, {
        ...placed,
        offset: plus(placed.offset, attributes.start as number),
        extents: output.shape,
      });
      return true;
    }
    case "SelectRow":
      lowering.alias(output, selectRow(lowering.placed(x!), attributes.row as number));
      return true;
    case "Reshape":
      lowering.alias(output, reshapePlaced(lowering.placed(x!), output.shape));
      return true;
    case "Identity":
      lowering.alias(output, lowering.placed(x!));
      return true;
    default:
      return false;
  }
}
