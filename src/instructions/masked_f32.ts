import { defineInstruction } from "./_define.ts";

/** `y[t][c] = x[t][c]` times 1 where bit c of `bits[t]` is set, else times 0: the gradient of a ReLU by `sign_bits` of its result. */
export const maskedF32 = defineInstruction({
  name: "masked_f32",
  opcode: 124,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "T 8" },
    { name: "bits", role: "in", dtypes: ["u8"], shape: "T" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "T 8" },
  ],
  work: ["2", "T", "8"],
  split: "T/64",
});
