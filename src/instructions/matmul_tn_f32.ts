import { defineInstruction } from "./_define.ts";
import { SUMS } from "./sums.ts";

/**
 * `y[b] = a[b]ᵀ·b[b]`: the gradient of the weights of a linear layer.
 *
 * Rows are summed in blocks of 128, each with k ascending into one accumulator from +0, each product and each sum rounded; the
 * sums of the blocks are added in their order. Where b is one matrix, it serves the whole batch.
 */
export const matmulTnF32 = defineInstruction({
  name: "matmul_tn_f32",
  opcode: 73,
  family: "train",
  category: "linear",
  operands: [
    { name: "a", role: "in", dtypes: ["f32"], shape: "B K M" },
    { name: "b", role: "in", dtypes: ["f32"], shape: "1|B K N" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "B M N" },
  ],
  attributes: [SUMS],
  work: ["B", "M", "N", "K"],
  split: "B M/4",
});
