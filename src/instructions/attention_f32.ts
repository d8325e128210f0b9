import { defineInstruction } from "./_define.ts";

/**
 * `softmax(scale·q·kᵀ + bias [masked]) · v` for each head. Sums run with d and j ascending in one
 * accumulator; the softmax is that of `softmax_f32`. A masked entry has probability 0.
 */
export const attentionF32 = defineInstruction({
  name: "attention_f32",
  opcode: 21,
  family: "float",
  category: "attention",
  operands: [
    { name: "q", role: "in", dtypes: ["f32"], shape: "B Q C" },
    { name: "k", role: "in", dtypes: ["f32"], shape: "B L C" },
    { name: "v", role: "in", dtypes: ["f32"], shape: "B L C" },
    { name: "scale", role: "in", holds: "factors", dtypes: ["f32"], shape: "1" },
    {
      name: "bias",
      role: "in",
      holds: "biases",
      dtypes: ["f32"],
      shape: "@heads Q L",
      optional: true,
    },
    { name: "mask", role: "in", holds: "masks", dtypes: ["u8"], shape: "W Q L", optional: true },
    { name: "y", role: "out", dtypes: ["f32"], shape: "B Q C" },
  ],
  attributes: [
    { name: "heads", min: 1, max: 1024 },
    { name: "precision", min: 0, max: 1, values: ["deterministic", "fast"] },
  ],
  extents: [{ rule: "divides", left: ["@heads"], right: ["C"] }],
  work: ["2", "B", "Q", "L", "C"],
  split: "B%W @heads Q/4",
});
