import { defineInstruction } from "./_define.ts";

/**
 * Sum or largest of the middle extent, in one order wherever it runs: 16 strided partial results (row b goes
 * to partial b mod 16), sums from +0, then halves onto halves.
 */
export const reduceF32 = defineInstruction({
  name: "reduce_f32",
  opcode: 69,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "A B C" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "A C" },
  ],
  attributes: [
    { name: "reduction", min: 0, max: 1, values: ["sum", "maximum"] },
  ],
  work: ["A", "B", "C"],
  split: "A C/16",
});
