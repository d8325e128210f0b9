import { defineInstruction } from "./_define.ts";

/**
 * Float32 linear layer: products are added with k ascending into one accumulator, each product and
 * each sum rounded; then `+ bias`, then `+ identity`. The same bits on every engine and tile.
 * `fast` may contract multiply and add where the build has relaxed SIMD.
 */
export const linearF32 = defineInstruction({
  name: "linear_f32",
  opcode: 16,
  family: "float",
  category: "linear",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "* K" },
    {
      name: "weight",
      role: "in",
      holds: "weights",
      dtypes: ["f32"],
      layouts: ["panel_8"],
      shape: "N K",
    },
    { name: "bias", role: "in", holds: "biases", dtypes: ["f32"], shape: "N", optional: true },
    { name: "identity", role: "in", dtypes: ["f32"], shape: "* N", optional: true },
    { name: "y", role: "out", dtypes: ["f32"], shape: "* N" },
  ],
  attributes: [{ name: "precision", min: 0, max: 1, values: ["deterministic", "fast"] }],
  work: ["*", "K", "N"],
  split: "*/4 | N/8",
});
