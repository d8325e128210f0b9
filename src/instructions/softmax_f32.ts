import { defineInstruction } from "./_define.ts";

/** `y = exp(x − max) / Σ exp(x − max)` over the last extent, with the project's own float32 exp. */
export const softmaxF32 = defineInstruction({
  name: "softmax_f32",
  opcode: 18,
  family: "float",
  category: "attention",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "* L" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "* L" },
  ],
  work: ["*", "L"],
  split: "*",
});
