/** Ops that move no data: they are other views of the same memory. */
import type { OpName } from "../../graph/op_names.ts";
import { plus } from "../../graph/extent.ts";
import { reshapePlaced, selectRow } from "../placed.ts";
import type { RulesOf } from "../rule.ts";

/** Rules of ops without an instruction. */
export const VIEW_RULES = {
  Identity(lowering, { inputs: { x }, outputs: { y } }) {
    lowering.alias(y, lowering.placed(x));
  },
  Reshape(lowering, { inputs: { x }, outputs: { y } }) {
    lowering.alias(y, reshapePlaced(lowering.placed(x), y.shape));
  },
  SelectRow(lowering, { inputs: { x }, attributes: { row }, outputs: { y } }) {
    lowering.alias(y, selectRow(lowering.placed(x), row));
  },
  SliceColumns(lowering, { inputs: { x }, attributes: { start }, outputs: { y } }) {
    const placed = lowering.placed(x);
    lowering.alias(y, { ...placed, offset: plus(placed.offset, start), extents: y.shape });
  },
} satisfies Partial<RulesOf<OpName>>;
