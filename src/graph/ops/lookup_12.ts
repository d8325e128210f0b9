import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { IntegerOp } from "../op.ts";

/** A code of 12 bits (wider ones are clamped) plus 2048 as the index of a table `[4096]`. */
export const lookup12: IntegerOp<"Lookup12", "x" | "table"> = {
  name: "Lookup12",
  integer: true,
  inputs: ["x", "table"],
  rowLocal: ["x"],
  infer({ x, table }) {
    expectDtype(x, ["i16"], "Lookup12");
    expectDtype(table, ["i16"], "Lookup12");
    expectShape(sameShape(table.shape, [4096]), "Lookup12", [x, table]);
    return { y: { dtype: "i16", shape: x.shape } };
  },
};
