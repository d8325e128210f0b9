import { expectNumber } from "../attribute.ts";
import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { Op } from "../op.ts";

/** The output gate of HGRN: `RMSNorm(p; gamma, epsilon)·SiLU(x)`; p is the projection, x the state. */
export const hgrnGate: Op<"HgrnGate", "p" | "gamma" | "x", { epsilon: number }> = {
  name: "HgrnGate",
  inputs: ["p", "gamma", "x"],
  rowLocal: ["p", "x"],
  infer({ p, gamma, x }, { epsilon }) {
    expectNumber(epsilon, "HgrnGate: epsilon", 0);
    for (const value of [p, gamma, x]) expectDtype(value, ["f32"], "HgrnGate");
    const fits = sameShape(gamma.shape, p.shape.slice(-1)) && sameShape(x.shape, p.shape);
    expectShape(fits, "HgrnGate", [p, gamma, x]);
    return { y: { dtype: "f32", shape: p.shape } };
  },
};
