import { expectDtype, expectShape } from "../extent.ts";
import type { Op } from "../op.ts";

/**
 * Cosines `y[t][0]` and sines `y[t][1]` of the angles of rotary embeddings, `[T, 2, H]`: the place of each
 * token of a ragged batch, of which `ids [T]` are there, times `frequency [H]`, in turns of 2^32.
 */
export const rotaryAngles: Op<"RotaryAngles", "ids" | "frequency" | "offsets" | "past"> = {
  name: "RotaryAngles",
  inputs: ["ids", "frequency", "offsets", "past"],
  infer({ ids, frequency, offsets, past }) {
    const inputs = [ids, frequency, offsets, past];
    for (const value of inputs) expectDtype(value, ["i32"], "RotaryAngles");
    expectShape(inputs.every(({ shape }) => shape.length === 1), "RotaryAngles", inputs);
    return { y: { dtype: "f32", shape: [ids.shape[0], 2, frequency.shape[0]] } };
  },
};
