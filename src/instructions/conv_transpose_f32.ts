import { defineInstruction } from "./_define.ts";
import { CONVOLUTION } from "./convolution.ts";
import { SUMS } from "./sums.ts";

/**
 * The adjoint of `conv_f32` in x: y is the gradient of its input where x is that of its output, and a transposed
 * convolution where x is a picture. x `[B, I, J, O]`, weight `[O, P, Q, C/group]`, y `[B, H, W, C]`.
 *
 * Of each output the products of one tap are added with the channel of x ascending into one accumulator; these sums are
 * added in the order (p, q), taps that fall outside of x left out.
 */
export const convTransposeF32 = defineInstruction({
  name: "conv_transpose_f32",
  opcode: 75,
  family: "train",
  category: "linear",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "B I J O" },
    { name: "weight", role: "in", dtypes: ["f32"], shape: "O P Q D" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "B H W C" },
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
