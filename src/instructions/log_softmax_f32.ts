import { defineInstruction } from "./_define.ts";

/** `y = (x − max) − ln Σ exp(x − max)` over the last extent; the sum as in `softmax_f32`. */
export const logSoftmaxF32 = defineInstruction({
  name: "log_softmax_f32",
  opcode: 83,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "* L" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "* L" },
  ],
  work: ["2", "*", "L"],
  split: "*",
});
