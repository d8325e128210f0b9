import { defineInstruction } from "./_define.ts";

/**
 * The gradients of `normalize_f32` whose mean and inverse are those of x. With `n = (x − mean)·inverse`, computed again,
 * `dbeta = Σ dy`, `dgamma = Σ dy·n`, `dx = (gamma·inverse)·((dy − dbeta/B) − n·(dgamma/B))`; sums as in `reduce_f32`. x and dy are
 * read, and dx is written, as they are stored.
 */
export const normalizeGradientF32 = defineInstruction({
  name: "normalize_gradient_f32",
  opcode: 102,
  family: "train",
  category: "normalization",
  operands: [
    { name: "x", role: "in", dtypes: ["f32", "f16", "bf16"], shape: "B C" },
    { name: "mean", role: "in", dtypes: ["f32"], shape: "C" },
    { name: "inverse", role: "in", dtypes: ["f32"], shape: "C" },
    { name: "gamma", role: "in", dtypes: ["f32"], shape: "C" },
    { name: "dy", role: "in", dtypes: ["f32", "f16", "bf16"], shape: "B C" },
    { name: "dgamma", role: "out", dtypes: ["f32"], shape: "C" },
    { name: "dbeta", role: "out", dtypes: ["f32"], shape: "C" },
    { name: "dx", role: "out", dtypes: ["f32", "f16", "bf16"], shape: "B C" },
  ],
  work: ["8", "B", "C"],
  split: "C/16",
});
