import { defineInstruction } from "./_define.ts";

/**
 * A step of RMSprop: `v ← αv + (1−α)g²`, `u = g / (√v + epsilon)`, with a buffer `b ← momentum·b + u`, `u = b`;
 * `p ← p − rate·u`. `hyper` is α, 1−α, epsilon, momentum, decay; decay·p is added to g first.
 */
export const rmspropF32 = defineInstruction({
  name: "rmsprop_f32",
  opcode: 90,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "g", role: "in", dtypes: ["f32"], shape: "* N" },
    { name: "rate", role: "in", dtypes: ["f32"], shape: "1" },
    { name: "hyper", role: "in", dtypes: ["f32"], shape: "5" },
    { name: "v", role: "inout", dtypes: ["f32"], shape: "* N" },
    { name: "buffer", role: "inout", dtypes: ["f32"], shape: "* N", optional: true },
    { name: "p", role: "inout", dtypes: ["f32"], shape: "* N" },
  ],
  work: ["8", "*", "N"],
  split: "*",
});
