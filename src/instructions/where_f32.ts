import { defineInstruction } from "./_define.ts";

/**
 * `y = a` where the condition is not 0, else b: a choice, not a product, so that what is not taken may be NaN.
 * The condition may repeat as b in `binary_f32`.
 */
export const whereF32 = defineInstruction({
  name: "where_f32",
  opcode: 67,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "a", role: "in", dtypes: ["f32"], shape: "* N" },
    { name: "b", role: "in", dtypes: ["f32"], shape: "* N" },
    { name: "condition", role: "in", dtypes: ["f32"], shape: "~ 1|N" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "* N" },
  ],
  work: ["*", "N"],
  split: "*",
});
