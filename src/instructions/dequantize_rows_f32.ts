import { defineInstruction } from "./_define.ts";

/**
 * Sums of codes of `quantize_rows_i8` times codes with a scale for each column, as float32:
 * `y = fl(fl(fl(x)·scale[n]) / alpha)`, where alpha is the factor of the row.
 */
export const dequantizeRowsF32 = defineInstruction({
  name: "dequantize_rows_f32",
  opcode: 57,
  family: "language",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["i32"], shape: "* N" },
    { name: "scale", role: "in", holds: "factors", dtypes: ["f32"], shape: "N" },
    { name: "alpha", role: "in", dtypes: ["f32"], shape: "* 1" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "* N" },
  ],
  work: ["*", "N"],
  split: "*",
});
