import { defineInstruction } from "./_define.ts";

/**
 * A step of Adagrad: `g ← g + decay·p`, `s ← s + g²`, `p ← p − rate·(g / (√s + epsilon))`. `hyper` is epsilon and
 * decay.
 */
export const adagradF32 = defineInstruction({
  name: "adagrad_f32",
  opcode: 91,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "g", role: "in", dtypes: ["f32"], shape: "* N" },
    { name: "rate", role: "in", dtypes: ["f32"], shape: "1" },
    { name: "hyper", role: "in", dtypes: ["f32"], shape: "2" },
    { name: "s", role: "inout", dtypes: ["f32"], shape: "* N" },
    { name: "p", role: "inout", dtypes: ["f32"], shape: "* N" },
  ],
  work: ["8", "*", "N"],
  split: "*",
});
