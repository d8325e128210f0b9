import { defineInstruction } from "./_define.ts";

/**
 * `y[t][c] = on` where `c = index[t]`, else off; an index that is no column gives a row of zeros.
 */
export const oneHotF32 = defineInstruction({
  name: "one_hot_f32",
  opcode: 85,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "index", role: "in", dtypes: ["i32"], shape: "T" },
    { name: "values", role: "in", dtypes: ["f32"], shape: "2" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "T C" },
  ],
  work: ["T", "C"],
  split: "T",
});
