import { defineInstruction } from "./_define.ts";

/**
 * Weights as −1, 0 and 1 with one scale for each tensor, as float32 for products that train:
 *
 * ```text
 * scale = max(fl32(mean |w|), 1e-5)                     the mean in float64, in NumPy's pairwise order
 * y     = clamp(round_half_even(fl32(w·fl32(1/scale))), −1, 1)
 * ```
 */
export const ternarizeF32 = defineInstruction({
  name: "ternarize_f32",
  opcode: 121,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", holds: "weights", dtypes: ["f32"], shape: "B K" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "B K" },
    { name: "scale", role: "out", dtypes: ["f32"], shape: "B 1" },
  ],
  work: ["2", "B", "K"],
  split: "B",
});
