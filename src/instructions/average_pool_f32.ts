import { defineInstruction } from "./_define.ts";
import { POOLING } from "./pooling.ts";

/**
 * Sum of each window of a channels-last picture, row by row, what lies outside left out, divided by the window's
 * divisor: its size, or how many of its places count.
 */
export const averagePoolF32 = defineInstruction({
  name: "average_pool_f32",
  opcode: 79,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "B H W C" },
    { name: "divisor", role: "in", dtypes: ["f32"], shape: "I J" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "B I J C" },
  ],
  attributes: POOLING,
  work: ["B", "I", "J", "C", "16"],
  split: "B",
});
