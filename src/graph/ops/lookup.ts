import { expectDtype, expectShape } from "../extent.ts";
import type { IntegerOp } from "../op.ts";

/** A byte as the index of a table `[T, 256]`, T by column. */
export const lookup: IntegerOp<"Lookup", "x" | "table"> = {
  name: "Lookup",
  integer: true,
  inputs: ["x", "table"],
  rowLocal: ["x"],
  infer({ x, table }) {
    expectDtype(x, ["i8", "u8"], "Lookup");
    expectDtype(table, ["i8", "u8", "i16"], "Lookup");
    expectShape(table.shape.length === 2 && table.shape[1] === 256, "Lookup", [x, table]);
    return { y: { dtype: table.dtype, shape: x.shape } };
  },
};
