import { defineInstruction } from "./_define.ts";

/**
 * The gradient of the table of `embedding_f32`: `dtable[index[t]] += dy[t]`, t ascending from zeros.
 */
export const embeddingGradientF32 = defineInstruction({
  name: "embedding_gradient_f32",
  opcode: 84,
  family: "train",
  category: "elementwise",
  operands: [
    {
      name: "index",
      role: "in",
      holds: "indices",
      dtypes: ["i32"],
      shape: "T",
      check: { kind: "below", limit: "V" },
    },
    { name: "dy", role: "in", dtypes: ["f32"], shape: "T C" },
    { name: "dtable", role: "out", dtypes: ["f32"], shape: "V C" },
  ],
  work: ["T", "C"],
  split: "C",
});
