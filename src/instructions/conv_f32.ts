import { defineInstruction } from "./_define.ts";
import { CONVOLUTION } from "./convolution.ts";
import { SUMS } from "./sums.ts";

/**
 * Convolution on channels-last pictures: x `[B, H, W, C]`, weight `[O, kernel height P, kernel width Q, C/group]`,
 * y `[B, I, J, O]`.
 *
 * Of each output the products are added in the order (p, q, channel) into one accumulator, each product and each sum
 * rounded; outside of the picture x is 0, and that product counts. Then the bias.
 */
export const convF32 = defineInstruction({
  name: "conv_f32",
  opcode: 74,
  family: "train",
  category: "linear",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "B H W C" },
    { name: "weight", role: "in", dtypes: ["f32"], shape: "O P Q D" },
    { name: "bias", role: "in", dtypes: ["f32"], shape: "O", optional: true },
    { name: "y", role: "out", dtypes: ["f32"], shape: "B I J O" },
  ],
  attributes: [...CONVOLUTION, SUMS],
  extents: [
    { rule: "equal", left: ["C"], right: ["D", "@group"] },
    { rule: "divides", left: ["@group"], right: ["C"] },
    { rule: "divides", left: ["@group"], right: ["O"] },
  ],
  work: ["B", "I", "J", "O", "P", "Q", "D"],
  split: "B",
});
