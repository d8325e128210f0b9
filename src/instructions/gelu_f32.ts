import { defineInstruction } from "./_define.ts";

/** `y = x/2·(1 + erf(x/√2))`, with the project's own float32 erf. */
export const geluF32 = defineInstruction({
  name: "gelu_f32",
  opcode: 19,
  family: "float",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "* K" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "* K" },
  ],
  work: ["*", "K"],
  split: "*",
});
