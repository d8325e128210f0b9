import { defineInstruction } from "./_define.ts";

/**
 * `y = clamp(round(x·multiplier[n] / 2^shift[n]) [+ identity], −limit, limit)`: the residual of
 * integer language models.
 *
 * x are sums of products. Half to even, whatever the size of the product; the sum is exact and
 * clamped once. With limit ≤ √((2^62 − 1 − E) / N) the sum of N squares and E stays below 2^62, as
 * the RMSNorm that reads y needs it. A limit below 0 counts as 0.
 */
export const residualI32 = defineInstruction({
  name: "residual_i32",
  opcode: 42,
  family: "language",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["i32"], shape: "* N" },
    { name: "multiplier", role: "in", holds: "factors", dtypes: ["i32"], shape: "1|N" },
    { name: "shift", role: "in", holds: "factors", dtypes: ["i32"], shape: "1|N" },
    { name: "identity", role: "in", dtypes: ["i32"], shape: "* N", optional: true },
    { name: "limit", role: "in", holds: "factors", dtypes: ["i32"], shape: "1" },
    { name: "y", role: "out", dtypes: ["i32"], shape: "* N" },
  ],
  work: ["*", "N"],
  split: "*",
});
