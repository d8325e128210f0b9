/** Ops of ternary networks that train to instructions of the module for training. */
import { product } from "../../graph/extent.ts";
import type { OpName } from "../../graph/op_names.ts";
import { denseView } from "../dense_view.ts";
import type { RulesOf } from "../rule.ts";
import { expectTraining } from "./trained.ts";

/** Rules of the ops of straight-through quantisation. */
export const TRAINED_TERNARY_RULES = {
  LowerBounds(lowering, { inputs: { x }, outputs: { y } }) {
    expectTraining(lowering, "LowerBounds");
    lowering.emit(y, "lower_bounds_f32", { x: lowering.operand(x), y: lowering.result(y) });
  },
  QuantizeRowsAway(lowering, { inputs: { x }, outputs }) {
    expectTraining(lowering, "QuantizeRowsAway");
    lowering.emit(Object.values(outputs), "quantize_rows_f32", {
      x: lowering.operand(x),
      q: lowering.result(outputs.q),
      alpha: lowering.result(outputs.alpha),
    });
  },
  Ternarize(lowering, { inputs: { x }, outputs: { y, scale } }) {
    expectTraining(lowering, "Ternarize");
    const extents = [1, product(x.shape)];
    lowering.emit([y, scale], "ternarize_f32", {
      x: denseView(lowering, x, extents),
      y: lowering.result(y, extents),
      scale: lowering.result(scale, [1, 1]),
    });
  },
} satisfies Partial<RulesOf<OpName>>;
