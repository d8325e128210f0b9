import { defineInstruction } from "./_define.ts";

/**
 * `y = (gate / (1 + e^−gate))·up`, every operation rounded to float32; a gate below −88 counts as
 * −88.
 */
export const swigluF32 = defineInstruction({
  name: "swiglu_f32",
  opcode: 29,
  family: "language",
  category: "elementwise",
  operands: [
    { name: "gate", role: "in", dtypes: ["f32"], shape: "* C" },
    { name: "up", role: "in", dtypes: ["f32"], shape: "* C" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "* C" },
  ],
  work: ["8", "*", "C"],
  split: "*",
});
