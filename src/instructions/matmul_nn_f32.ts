import { defineInstruction } from "./_define.ts";
import { SUMS } from "./sums.ts";

/**
 * `y[b] = a[b]·b[b]`: the gradient of the input of a linear layer.
 *
 * Products are added with k ascending into one accumulator, each product and each sum rounded, as in `linear_f32`.
 * Where b is one matrix, it serves the whole batch.
 */
export const matmulNnF32 = defineInstruction({
  name: "matmul_nn_f32",
  opcode: 72,
  family: "train",
  category: "linear",
  operands: [
    { name: "a", role: "in", dtypes: ["f32"], shape: "B M K" },
    { name: "b", role: "in", dtypes: ["f32"], shape: "1|B K N" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "B M N" },
  ],
  attributes: [SUMS],
  work: ["B", "M", "N", "K"],
  split: "B M/4",
});
