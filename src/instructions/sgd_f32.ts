import { defineInstruction } from "./_define.ts";

/**
 * A step of SGD: `g ← g + decay·p`, `b ← momentum·b + g`, `p ← p − rate·b`; Nesterov: `p ← p − rate·(g + momentum·b)`.
 * Without a buffer there is no momentum. `hyper` is momentum and decay.
 */
export const sgdF32 = defineInstruction({
  name: "sgd_f32",
  opcode: 88,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "g", role: "in", dtypes: ["f32"], shape: "* N" },
    { name: "rate", role: "in", dtypes: ["f32"], shape: "1" },
    { name: "hyper", role: "in", dtypes: ["f32"], shape: "2" },
    { name: "buffer", role: "inout", dtypes: ["f32"], shape: "* N", optional: true },
    { name: "p", role: "inout", dtypes: ["f32"], shape: "* N" },
  ],
  attributes: [{ name: "nesterov", min: 0, max: 1 }],
  work: ["4", "*", "N"],
  split: "*",
});
