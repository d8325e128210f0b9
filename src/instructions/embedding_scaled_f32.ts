import { defineInstruction } from "./_define.ts";

/**
 * Rows of the table of codes that a head multiplies by, too, each with a scale:
 * `y[t] = fl(table[i]·scale[i])`, i = index[t].
 */
export const embeddingScaledF32 = defineInstruction({
  name: "embedding_scaled_f32",
  opcode: 58,
  family: "language",
  category: "linear",
  operands: [
    {
      name: "table",
      role: "in",
      holds: "embeddings",
      dtypes: ["i8"],
      layouts: ["panel_8x4"],
      shape: "V C",
    },
    { name: "scale", role: "in", holds: "factors", dtypes: ["f32"], shape: "V" },
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
