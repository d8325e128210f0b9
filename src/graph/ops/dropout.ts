import { FewbitError } from "../../errors.ts";
import { expectInteger, expectNumber } from "../attribute.ts";
import { expectDtype, expectShape } from "../extent.ts";
import type { Op } from "../op.ts";

/**
 * Drops elements with probability `ratio` and divides the others by `1 − ratio`. `random` `[6]` is seed, step and
 * first element, two words each, the low one first; without it nothing is dropped, which is evaluation mode. `stream`
 * tells the dropouts of a network apart.
 */
export const dropout: Op<"Dropout", "x" | "random?", { ratio: number; stream: number }> = {
  name: "Dropout",
  inputs: ["x", "random?"],
  infer({ x, random }, { ratio, stream }) {
    expectDtype(x, ["f32"], "Dropout");
    if (random !== undefined) expectDtype(random, ["i32"], "Dropout");
    expectNumber(ratio, "Dropout: ratio", 0);
    expectInteger(stream, 0, "Dropout: stream");
    if (ratio >= 1) throw new FewbitError("invalid_argument", "Dropout: ratio has to be below 1");
    const fits = random === undefined || random.shape.length === 1 && random.shape[0] === 6;
    expectShape(fits, "Dropout", [x, random]);
    return { y: { dtype: "f32", shape: x.shape } };
  },
};
