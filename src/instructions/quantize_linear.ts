import { defineInstruction } from "./_define.ts";

/**
 * `y = clamp(q + zero_point)`, `q = round_half_even(fl32(fl32(1/scale)·x))`: float32 in, codes out. q saturates to 32
 * bits; for NaN it is 0.
 */
export const quantizeLinear = defineInstruction({
  name: "quantize_linear",
  opcode: 1,
  family: "core",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "* K" },
    { name: "scale", role: "in", holds: "factors", dtypes: ["f32"], shape: "1" },
    {
      name: "zero_point",
      role: "in",
      holds: "factors",
      dtypes: ["i32"],
      shape: "1",
      optional: true,
    },
    { name: "y", role: "out", dtypes: ["i8", "i16"], shape: "* K" },
  ],
  work: ["*", "K"],
  split: "*",
});
