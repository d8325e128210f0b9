import { defineInstruction } from "./_define.ts";

/** `y[a][b] = x[a]`: rows repeat along a new middle extent. */
export const expandF32 = defineInstruction({
  name: "expand_f32",
  opcode: 70,
  family: "train",
  category: "movement",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "A C" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "A B C" },
  ],
  work: ["A", "B", "C"],
  split: "A",
});
