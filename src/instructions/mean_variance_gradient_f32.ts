import { defineInstruction } from "./_define.ts";

/**
 * The gradient of `mean_variance_f32` in x, from its y and inverse: `dx = inverse·((dy − mean(dy)) − y·mean(dy·y))`,
 * without `center` without the first mean.
 */
export const meanVarianceGradientF32 = defineInstruction({
  name: "mean_variance_gradient_f32",
  opcode: 82,
  family: "train",
  category: "normalization",
  operands: [
    { name: "y", role: "in", dtypes: ["f32"], shape: "A B C" },
    { name: "inverse", role: "in", dtypes: ["f32"], shape: "A C" },
    { name: "dy", role: "in", dtypes: ["f32"], shape: "A B C" },
    { name: "dx", role: "out", dtypes: ["f32"], shape: "A B C" },
  ],
  attributes: [{ name: "center", min: 0, max: 1 }],
  work: ["4", "A", "B", "C"],
  split: "A C/16",
});
