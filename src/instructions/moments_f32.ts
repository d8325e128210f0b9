import { defineInstruction } from "./_define.ts";

/**
 * Moments of the middle extent, as `mean_variance_f32` has them: mean, variance and `inverse = 1/√(variance + epsilon)`. x is read as
 * it is stored, row by row.
 */
export const momentsF32 = defineInstruction({
  name: "moments_f32",
  opcode: 100,
  family: "train",
  category: "normalization",
  operands: [
    { name: "x", role: "in", dtypes: ["f32", "f16", "bf16"], shape: "A B C" },
    { name: "epsilon", role: "in", dtypes: ["f32"], shape: "1", holds: "norms" },
    // Mean, variance and inverse.
    { name: "moments", role: "out", dtypes: ["f32"], shape: "A 3 C" },
  ],
  work: ["4", "A", "B", "C"],
  split: "A C/16",
});
