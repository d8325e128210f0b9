import { expectDtype, expectShape, fixed, same } from "../extent.ts";
import type { Op } from "../op.ts";

/** The rows `first` `[P, C]` before the rows of each sequence of x `[B, L, C]`. */
export const concatRows: Op<"ConcatRows", "first" | "x"> = {
  name: "ConcatRows",
  inputs: ["first", "x"],
  infer({ first, x }) {
    expectDtype(x, ["f32", "i8", "i16"], "ConcatRows");
    expectDtype(first, [x.dtype], "ConcatRows");
    expectShape(
      first.shape.length === 2 && x.shape.length === 3 && same(first.shape[1], x.shape[2]),
      "ConcatRows",
      [first, x],
    );
    const rows = fixed(first.shape[0], "rows") + fixed(x.shape[1], "rows");
    return { y: { dtype: x.dtype, shape: [x.shape[0], rows, x.shape[2]] } };
  },
};
