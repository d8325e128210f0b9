import { defineInstruction } from "./_define.ts";

/** `y = fl32(fl32(x − zero_point)·scale[n])`. */
export const dequantizeLinear = defineInstruction({
  name: "dequantize_linear",
  opcode: 15,
  family: "core",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["i8", "i16", "i32"], shape: "* N" },
    { name: "scale", role: "in", holds: "factors", dtypes: ["f32"], shape: "1|N" },
    {
      name: "zero_point",
      role: "in",
      holds: "factors",
      dtypes: ["i32"],
      shape: "1",
      optional: true,
    },
    { name: "y", role: "out", dtypes: ["f32"], shape: "* N" },
  ],
  work: ["*", "N"],
  split: "*",
});
