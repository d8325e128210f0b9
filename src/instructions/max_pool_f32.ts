import { defineInstruction } from "./_define.ts";
import { POOLING } from "./pooling.ts";

/**
 * Largest of each window of a channels-last picture; what lies outside of it does not count. The first of equal
 * ones, row by row, is the one.
 */
export const maxPoolF32 = defineInstruction({
  name: "max_pool_f32",
  opcode: 77,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "B H W C" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "B I J C" },
  ],
  attributes: [
    ...POOLING,
    { name: "dilation_h", min: 1, max: 65535 },
    { name: "dilation_w", min: 1, max: 65535 },
  ],
  work: ["B", "I", "J", "C", "16"],
  split: "B",
});
