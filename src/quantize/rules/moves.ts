/** Ops that move elements: the same on codes. */
import { gatherRows, patches, reshape, selectRow, sliceColumns } from "../../graph/ops/mod.ts";
import type { IntegerRulesOf } from "./rule.ts";

/** Rules of ops that move elements and change none. */
export const MOVE_RULES: IntegerRulesOf<
  "GatherRows" | "Patches" | "Reshape" | "SelectRow" | "SliceColumns"
> = {
  GatherRows(rewriter, { inputs, outputs: { y } }) {
    const index = rewriter.source.constants.has(inputs.index.id)
      ? rewriter.plain(inputs.index)
      : rewriter.integerInput(inputs.index);
    rewriter.move(inputs.x, y, (x) => rewriter.graph.apply(gatherRows, { x, index }));
  },
  Patches(rewriter, { inputs, attributes: { patch }, outputs: { y } }) {
    // Images as bytes have their channels last.
    const order = rewriter.pixelTable === undefined ? "channels_first" : "channels_last";
    rewriter.move(inputs.x, y, (x) => rewriter.graph.apply(patches, { x }, { patch, order }));
  },
  Reshape(rewriter, { inputs, attributes, outputs: { y } }) {
    rewriter.move(inputs.x, y, (x) => rewriter.graph.apply(reshape, { x }, attributes));
  },
  SelectRow(rewriter, { inputs, attributes, outputs: { y } }) {
    rewriter.move(inputs.x, y, (x) => rewriter.graph.apply(selectRow, { x }, attributes));
  },
  SliceColumns(rewriter, { inputs, attributes, outputs: { y } }) {
    const { start } = attributes;
    rewriter.move(inputs.x, y, (x) => rewriter.graph.apply(sliceColumns, { x }, attributes), start);
  },
};
