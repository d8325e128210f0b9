import { defineInstruction } from "./_define.ts";

/**
 * `y = fl(fl(r·r)·up)`, `r = max(gate, 0)`: the gate of BitNet b1.58. A NaN stays one.
 */
export const reluSquaredGluF32 = defineInstruction({
  name: "relu_squared_glu_f32",
  opcode: 59,
  family: "language",
  category: "elementwise",
  operands: [
    { name: "gate", role: "in", dtypes: ["f32"], shape: "* C" },
    { name: "up", role: "in", dtypes: ["f32"], shape: "* C" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "* C" },
  ],
  work: ["*", "C"],
  split: "*",
});
