import { defineInstruction } from "./_define.ts";

/** 1 where every element is finite, 0 where one is an infinity or NaN. */
export const allFiniteF32 = defineInstruction({
  name: "all_finite_f32",
  opcode: 108,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["f32", "f16", "bf16"], shape: "* N" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "R" },
  ],
  work: ["1", "*", "N"],
  // One block: y is one number, whatever R is.
  split: "R/64",
});
