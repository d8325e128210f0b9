import { defineInstruction } from "./_define.ts";

/**
 * A step of Lion: `p ← keep·p`, `p ← p − rate·sign(β₁m + (1−β₁)g)`, `m ← β₂m + (1−β₂)g`; sign(0) = 0. `scalars` is
 * rate and keep = 1 − lr·decay, `hyper` β₁, 1−β₁, β₂, 1−β₂.
 */
export const lionF32 = defineInstruction({
  name: "lion_f32",
  opcode: 92,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "g", role: "in", dtypes: ["f32"], shape: "* N" },
    { name: "scalars", role: "in", dtypes: ["f32"], shape: "2" },
    { name: "hyper", role: "in", dtypes: ["f32"], shape: "4" },
    { name: "m", role: "inout", dtypes: ["f32"], shape: "* N" },
    { name: "p", role: "inout", dtypes: ["f32"], shape: "* N" },
  ],
  work: ["8", "*", "N"],
  split: "*",
});
