import { defineInstruction } from "./_define.ts";

/**
 * Rows as the codes of int8 that ternary layers read, kept as float32 for products that train:
 *
 * ```text
 * alpha = 127 / max(max|x|, 1e-5)
 * q     = clamp(round_half_away(x·alpha), −128, 127)
 * ```
 *
 * The codes of `rms_norm_quantize_i8` behind its norms. A NaN has no part in the maximum and has the code 0.
 */
export const quantizeRowsF32 = defineInstruction({
  name: "quantize_rows_f32",
  opcode: 120,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "* C" },
    { name: "q", role: "out", dtypes: ["f32"], shape: "* C" },
    { name: "alpha", role: "out", dtypes: ["f32"], shape: "* 1" },
  ],
  work: ["*", "C"],
  split: "*",
});
