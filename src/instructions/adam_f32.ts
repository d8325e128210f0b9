import { defineInstruction } from "./_define.ts";

/**
 * A step of Adam: `p ← keep·p`, `g ← g + decay·p`, `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`,
 * `p ← p − rate·(m / (√v·root + epsilon))`. `scalars` is rate, root and keep, which follow from the step:
 *
 * - Adam: rate = lr/(1−β₁ᵗ), root = 1/√(1−β₂ᵗ), keep = 1; AdamW: decay = 0, keep = 1 − lr·decay;
 * - Keras: rate = lr·√(1−β₂ᵗ)/(1−β₁ᵗ), root = 1.
 *
 * `hyper` is β₁, 1−β₁, β₂, 1−β₂, epsilon, decay.
 */
export const adamF32 = defineInstruction({
  name: "adam_f32",
  opcode: 89,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "g", role: "in", dtypes: ["f32"], shape: "* N" },
    { name: "scalars", role: "in", dtypes: ["f32"], shape: "3" },
    { name: "hyper", role: "in", dtypes: ["f32"], shape: "6" },
    { name: "m", role: "inout", dtypes: ["f32"], shape: "* N" },
    { name: "v", role: "inout", dtypes: ["f32"], shape: "* N" },
    { name: "p", role: "inout", dtypes: ["f32"], shape: "* N" },
  ],
  work: ["8", "*", "N"],
  split: "*",
});
