import { defineInstruction } from "./_define.ts";

/** Eight elements as a byte: bit c of `y[t]` is set where `x[t][c] > 0`. What the gradient of a ReLU has to know of its result. */
export const signBits = defineInstruction({
  name: "sign_bits",
  opcode: 123,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["f32", "f16", "bf16"], shape: "T 8" },
    { name: "y", role: "out", dtypes: ["u8"], shape: "T" },
  ],
  work: ["T", "8"],
  split: "T/64",
});
