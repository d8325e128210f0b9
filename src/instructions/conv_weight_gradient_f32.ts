import { defineInstruction } from "./_define.ts";
import { CONVOLUTION } from "./convolution.ts";
import { SUMS } from "./sums.ts";

/**
 * The gradient of the weights of `conv_f32`: `dw[o][p][q][d] = Σ dy[b][i][j][o]·x[b][..][..][d]`. The places (i, j) of a picture
 * are summed in blocks of 128, each ascending into one accumulator from +0, each product and each sum rounded; the sums of the
 * blocks are added in the order of the pictures and blocks. Outside of the picture x is 0, and that product counts.
 */
export const convWeightGradientF32 = defineInstruction({
  name: "conv_weight_gradient_f32",
  opcode: 76,
  family: "train",
  category: "linear",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "B H W C" },
    { name: "dy", role: "in", dtypes: ["f32"], shape: "B I J O" },
    { name: "dw", role: "out", dtypes: ["f32"], shape: "O P Q D" },
  ],
  attributes: [...CONVOLUTION, SUMS],
  extents: [
    { rule: "equal", left: ["C"], right: ["D", "@group"] },
    { rule: "divides", left: ["@group"], right: ["C"] },
    { rule: "divides", left: ["@group"], right: ["O"] },
  ],
  work: ["B", "I", "J", "O", "P", "Q", "D"],
  split: "@group",
});
