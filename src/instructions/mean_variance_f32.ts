import { defineInstruction } from "./_define.ts";

/**
 * Normalises the middle extent: with `d = (x − x₀) − Σ (x − x₀)/B`, x₀ the first element, so that a mean far above the
 * deviation costs no digits, `mean = x₀ + Σ (x − x₀)/B`, `variance = Σ d²/B`, `inverse = 1/√(variance + epsilon)`,
 * `y = d·inverse`. Sums as in `reduce_f32`. Without `center`, d is x and the mean 0: RMSNorm.
 */
export const meanVarianceF32 = defineInstruction({
  name: "mean_variance_f32",
  opcode: 81,
  family: "train",
  category: "normalization",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "A B C" },
    { name: "epsilon", role: "in", dtypes: ["f32"], shape: "1", holds: "norms" },
    // Mean, variance and inverse.
    { name: "moments", role: "out", dtypes: ["f32"], shape: "A 3 C" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "A B C" },
  ],
  attributes: [{ name: "center", min: 0, max: 1 }],
  work: ["4", "A", "B", "C"],
  split: "A C/16",
});
