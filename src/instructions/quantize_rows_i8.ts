import { defineInstruction } from "./_define.ts";

/**
 * Rows of float32 as int8 codes with a factor each, as the layers of BitNet b1.58 read them:
 *
 * ```text
 * alpha = 127 / max(max|x|, 1e-5)
 * q     = clamp(round_half_even(x·alpha), −128, 127)
 * ```
 *
 * Every operation is rounded to float32. A NaN has no part in the maximum and has the code 0.
 */
export const quantizeRowsI8 = defineInstruction({
  name: "quantize_rows_i8",
  opcode: 56,
  family: "language",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "* C" },
    { name: "q", role: "out", dtypes: ["i8"], shape: "* C" },
    { name: "alpha", role: "out", dtypes: ["f32"], shape: "* 1" },
  ],
  work: ["*", "C"],
  split: "*",
});
