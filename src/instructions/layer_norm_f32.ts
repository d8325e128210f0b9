import { defineInstruction } from "./_define.ts";

/**
 * `y = (x − mean)·(1/√(var + epsilon))·gamma + beta` over the last extent, every operation rounded
 * to float32. Sums use 16 strided partial sums combined in a fixed tree.
 */
export const layerNormF32 = defineInstruction({
  name: "layer_norm_f32",
  opcode: 17,
  family: "float",
  category: "normalization",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "* C" },
    { name: "gamma", role: "in", holds: "norms", dtypes: ["f32"], shape: "C" },
    { name: "beta", role: "in", holds: "biases", dtypes: ["f32"], shape: "C", optional: true },
    { name: "epsilon", role: "in", holds: "norms", dtypes: ["f32"], shape: "1" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "* C" },
  ],
  work: ["*", "C"],
  split: "*",
});
