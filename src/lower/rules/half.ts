/** What networks that are kept in 16 bits are made of. */
import type { OpName } from "../../graph/op_names.ts";
import { float32 } from "../constants.ts";
import { denseView, temporary } from "../dense_view.ts";
import type { RulesOf } from "../rule.ts";
import { expectTraining } from "./trained.ts";

/** Rules of casts, of normalisation in one step, and of what scales losses. */
export const HALF_RULES = {
  AllFinite(lowering, { inputs: { x }, outputs: { y } }) {
    expectTraining(lowering, "AllFinite");
    lowering.emit(y, "all_finite_f32", { x: lowering.operand(x), y: lowering.result(y) });
  },
  BatchMoments(lowering, { inputs: { x }, attributes: { epsilon }, outputs }) {
    expectTraining(lowering, "BatchMoments");
    const [rows, columns] = x.shape;
    const { tensor, view } = temporary(lowering, [1, 3, columns]);
    lowering.emit(Object.values(outputs), "moments_f32", {
      x: denseView(lowering, x, [1, rows, columns]),
      epsilon: float32(lowering, epsilon),
      moments: view,
    });
    const { mean, variance, inverse } = outputs;
    [mean, variance, inverse].forEach((value, i) => {
      const offset = typeof columns === "number"
        ? columns * i
        : { ...columns, factor: columns.factor * i };
      lowering.alias(value, { tensor, offset, extents: value.shape, rowStride: columns });
    });
  },
  Cast(lowering, { inputs: { x }, outputs: { y } }) {
    lowering.emit(y, "copy", { x: lowering.operand(x), y: lowering.result(y) });
  },
  NormalizeBatch(lowering, { inputs, outputs: { y } }) {
    expectTraining(lowering, "NormalizeBatch");
    lowering.emit(y, "normalize_f32", {
      x: lowering.operand(inputs.x),
      mean: lowering.operand(inputs.mean),
      inverse: lowering.operand(inputs.inverse),
      gamma: lowering.operand(inputs.scale),
      beta: lowering.operand(inputs.bias),
      y: lowering.result(y),
    });
  },
  NormalizeBatchGradient(lowering, { inputs, outputs }) {
    expectTraining(lowering, "NormalizeBatchGradient");
    lowering.emit(Object.values(outputs), "normalize_gradient_f32", {
      x: lowering.operand(inputs.x),
      mean: lowering.operand(inputs.mean),
      inverse: lowering.operand(inputs.inverse),
      gamma: lowering.operand(inputs.scale),
      dy: lowering.operand(inputs.dy),
      dgamma: lowering.result(outputs.dscale),
      dbeta: lowering.result(outputs.dbias),
      dx: lowering.result(outputs.dx),
    });
  },
} satisfies Partial<RulesOf<OpName>>;
