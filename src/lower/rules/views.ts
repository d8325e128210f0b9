/** Ops that move no data: they are other views of the same memory. */
import { FewbitError } from "../../errors.ts";
import type { OpName } from "../../graph/op_names.ts";
import { plus } from "../../graph/extent.ts";
import { isReshapable, reshapePlaced, selectRow } from "../placed.ts";
import type { RulesOf } from "../rule.ts";

/** Rules of ops without an instruction. */
export const VIEW_RULES = {
  Detach(lowering, { inputs: { x }, outputs: { y } }) {
    lowering.alias(y, lowering.placed(x));
  },
  Identity(lowering, { inputs: { x }, outputs: { y } }) {
    lowering.alias(y, lowering.placed(x));
  },
  Reshape(lowering, { inputs: { x }, outputs: { y } }) {
    const placed = lowering.placed(x);
    if (isReshapable(placed, y.shape)) return lowering.alias(y, reshapePlaced(placed, y.shape));
    // What is moved together is no view any more.
    if (lowering.updates.has(x)) {
      throw new FewbitError("unsupported", "Cannot reshape rows that are apart and are updated");
    }
    lowering.emit(y, "copy", { x: lowering.operand(x), y: lowering.result(y, x.shape) });
  },
  SelectRow(lowering, { inputs: { x }, attributes: { row }, outputs: { y } }) {
    lowering.alias(y, selectRow(lowering.placed(x), row));
  },
  SliceColumns(lowering, { inputs: { x }, attributes: { start }, outputs: { y } }) {
    const placed = lowering.placed(x);
    lowering.alias(y, { ...placed, offset: plus(placed.offset, start), extents: y.shape });
  },
  // `expandStraightThrough` takes it away where a graph is compiled for training.
  StraightThrough(lowering, { inputs: { value }, outputs: { y } }) {
    lowering.alias(y, lowering.placed(value));
  },
} satisfies Partial<RulesOf<OpName>>;
