import { defineInstruction } from "./_define.ts";

/**
 * RMSNorm: `y = (x·r)·gamma`, `r = 1/√(Σ x²/C + epsilon)`. Every operation is rounded to float32; the
 * sum is that of `layer_norm_f32`, and y is what `rms_norm_quantize_i8` makes codes of.
 */
export const rmsNormF32 = defineInstruction({
  name: "rms_norm_f32",
  opcode: 41,
  family: "float",
  category: "normalization",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "* C" },
    { name: "gamma", role: "in", holds: "norms", dtypes: ["f32"], shape: "C" },
    { name: "epsilon", role: "in", holds: "norms", dtypes: ["f32"], shape: "1" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "* C" },
  ],
  work: ["*", "C"],
  split: "*",
});
