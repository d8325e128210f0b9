import { expectInteger } from "../attribute.ts";
import { expectDtype, expectShape, sameShape } from "../extent.ts";
import type { IntegerOp } from "../op.ts";

/**
 * Cosines and sines `[T, 2, H]` of the angles of rotary embeddings with 14 fractional bits, of places up to
 * `last` (0: of all), from a turn of 1,024 steps: `rotary_angles_i16`.
 */
export const rotaryAnglesInteger: IntegerOp<
  "RotaryAnglesInteger",
  "ids" | "frequency" | "turn" | "offsets" | "past",
  { last: number }
> = {
  name: "RotaryAnglesInteger",
  integer: true,
  inputs: ["ids", "frequency", "turn", "offsets", "past"],
  infer({ ids, frequency, turn, offsets, past }, { last }) {
    expectInteger(last, 0, "RotaryAnglesInteger: last");
    const inputs = [ids, frequency, turn, offsets, past];
    for (const value of inputs) expectDtype(value, ["i32"], "RotaryAnglesInteger");
    const fits = inputs.every(({ shape }) => shape.length === 1) && sameShape(turn.shape, [1025]);
    expectShape(fits, "RotaryAnglesInteger", inputs);
    return { y: { dtype: "i16", shape: [ids.shape[0], 2, frequency.shape[0]] } };
  },
};
