import { defineInstruction } from "./_define.ts";
import { SUMS } from "./sums.ts";

/**
 * `y[b] = a[b]·b[b]ᵀ (+ bias)`: a linear layer whose weights change.
 *
 * Products are added with k ascending into one accumulator, each product and each sum rounded, as in `linear_f32`.
 * Where b is one matrix, it serves the whole batch.
 */
export const matmulNtF32 = defineInstruction({
  name: "matmul_nt_f32",
  opcode: 71,
  family: "train",
  category: "linear",
  operands: [
    { name: "a", role: "in", dtypes: ["f32"], shape: "B M K" },
    { name: "b", role: "in", dtypes: ["f32"], shape: "1|B N K" },
    { name: "bias", role: "in", dtypes: ["f32"], shape: "N", optional: true },
    { name: "y", role: "out", dtypes: ["f32"], shape: "B M N" },
  ],
  attributes: [SUMS],
  work: ["B", "M", "N", "K"],
  split: "B M/4",
});
