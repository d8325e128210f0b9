import { expectDtype, expectShape, same, sameShape } from "../extent.ts";
import type { IntegerOp } from "../op.ts";

/**
 * Draws an id from each row of logits `[R, V]` with 12 fractional bits (i32), by parameters `[R]`, random numbers
 * `[R, 4]` and a mask of allowed ids `[R, ⌈V/32⌉]`: `sample_i32`. `octave [257]` has powers of two.
 */
export const sampleInteger: IntegerOp<
  "SampleInteger",
  "logits" | "octave" | "rate" | "topK" | "topP" | "minP" | "random" | "mask?"
> = {
  name: "SampleInteger",
  integer: true,
  inputs: ["logits", "octave", "rate", "topK", "topP", "minP", "random", "mask?"],
  rowLocal: ["logits", "rate", "topK", "topP", "minP", "random", "mask"],
  infer(inputs) {
    const { logits, octave, rate, topK, topP, minP, random, mask } = inputs;
    const all = [logits, octave, rate, topK, topP, minP, random];
    for (const value of all) expectDtype(value, ["i32"], "SampleInteger");
    if (mask !== undefined) expectDtype(mask, ["i32"], "SampleInteger");
    const rows = logits.shape.slice(0, 1);
    const fits = logits.shape.length === 2 && sameShape(octave.shape, [257]) &&
      [rate, topK, topP, minP].every(({ shape }) => sameShape(shape, rows)) &&
      sameShape(random.shape, [...rows, 4]) &&
      (mask === undefined || mask.shape.length === 2 && same(mask.shape[0], rows[0]));
    expectShape(fits, "SampleInteger", [...all, mask]);
    return { y: { dtype: "i32", shape: rows } };
  },
};
