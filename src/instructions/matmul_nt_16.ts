import { defineInstruction } from "./_define.ts";

/**
 * `y[b] = a[b]·b[b]ᵀ` of 16-bit floats, sums kept in 16 bits after each step (`src/numeric/accumulate16.ts`): to be compared with
 * `matmul_nt_f32`, not to be trained with.
 */
export const matmulNt16 = defineInstruction({
  name: "matmul_nt_16",
  opcode: 109,
  family: "train",
  category: "linear",
  operands: [
    { name: "a", role: "in", dtypes: ["f16", "bf16"], shape: "B M K" },
    { name: "b", role: "in", dtypes: ["f16", "bf16"], shape: "1|B N K" },
    { name: "y", role: "out", dtypes: ["f16", "bf16"], shape: "B M N" },
  ],
  sameDtype: ["a", "b", "y"],
  attributes: [
    { name: "lanes", min: 0, max: 2, values: ["sequential", "two_lane_2x4", "two_lane_4x8"] },
    { name: "fused", min: 0, max: 1 },
  ],
  work: ["B", "M", "N", "K"],
  split: "B M/4",
});
