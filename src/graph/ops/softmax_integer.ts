import { expectOneOf } from "../attribute.ts";
import { expectDtype, expectShape } from "../extent.ts";
import type { IntegerOp } from "../op.ts";

/** Integer softmax of int8 scores: inputs x, exponentials (mode `table`) or x0 (mode `shift`) [, mask]; attributes `mode`, `bits` 16 or 8. */
export const softmaxInteger: IntegerOp<
  "SoftmaxInteger",
  "x" | "parameter" | "mask?",
  { mode: "table" | "shift"; bits: 8 | 16 }
> = {
  name: "SoftmaxInteger",
  integer: true,
  inputs: ["x", "parameter", "mask?"],
  rowLocal: ["x"],
  // A mask repeats over rows: it has no row for each of the output.
  isRowLocal: ({ mask }) => mask === undefined,
  infer({ x, parameter, mask }, { mode, bits }) {
    expectOneOf(mode, ["table", "shift"], "SoftmaxInteger: mode");
    expectOneOf(bits, [8, 16], "SoftmaxInteger: bits");
    expectDtype(x, ["i8"], "SoftmaxInteger");
    expectDtype(parameter, ["i32"], "SoftmaxInteger");
    expectShape(
      x.shape.length === 4 && (mask === undefined || mask.shape.length === 3),
      "SoftmaxInteger",
      [x, mask],
    );
    return { y: { dtype: bits === 8 ? "i8" : "i16", shape: x.shape } };
  },
};
