import { defineInstruction } from "./_define.ts";

/** `y = ((x − mean)·inverse)·gamma + beta`, each operation rounded; x is read, and y written, as it is stored. */
export const normalizeF32 = defineInstruction({
  name: "normalize_f32",
  opcode: 101,
  family: "train",
  category: "normalization",
  operands: [
    { name: "x", role: "in", dtypes: ["f32", "f16", "bf16"], shape: "* C" },
    { name: "mean", role: "in", dtypes: ["f32"], shape: "C" },
    { name: "inverse", role: "in", dtypes: ["f32"], shape: "C" },
    { name: "gamma", role: "in", dtypes: ["f32"], shape: "C" },
    { name: "beta", role: "in", dtypes: ["f32"], shape: "C" },
    { name: "y", role: "out", dtypes: ["f32", "f16", "bf16"], shape: "* C" },
  ],
  work: ["4", "*", "C"],
  split: "*",
});
