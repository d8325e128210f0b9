import { defineInstruction } from "./_define.ts";

/**
 * `y[t] = table[index[t]]` as float32; a table of 16-bit floats is widened exactly. A float32 one may lie
 * in the panels of `linear_f32`, so that a head with the same weights shares them.
 */
export const embeddingF32 = defineInstruction({
  name: "embedding_f32",
  opcode: 30,
  family: "language",
  category: "linear",
  operands: [
    {
      name: "table",
      role: "in",
      holds: "embeddings",
      dtypes: ["f32", "f16", "bf16"],
      layouts: ["rows", "panel_8"],
      shape: "V C",
    },
    {
      name: "index",
      role: "in",
      holds: "indices",
      dtypes: ["i32"],
      shape: "T",
      check: { kind: "below", limit: "V" },
    },
    { name: "y", role: "out", dtypes: ["f32"], shape: "T C" },
  ],
  work: ["T", "C"],
  split: "T",
});
