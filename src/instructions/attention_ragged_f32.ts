import { defineInstruction } from "./_define.ts";

/** `attention_f32` within each sequence of a ragged batch, whose tokens are offsets[s] … offsets[s+1]. */
export const attentionRaggedF32 = defineInstruction({
  name: "attention_ragged_f32",
  opcode: 38,
  family: "float",
  category: "attention",
  operands: [
    { name: "q", role: "in", dtypes: ["f32"], shape: "1 T C" },
    { name: "k", role: "in", dtypes: ["f32"], shape: "1 T C" },
    { name: "v", role: "in", dtypes: ["f32"], shape: "1 T C" },
    {
      name: "offsets",
      role: "in",
      dtypes: ["i32"],
      shape: "S",
      check: { kind: "offsets", limit: "T" },
    },
    { name: "scale", role: "in", holds: "factors", dtypes: ["f32"], shape: "1" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "1 T C" },
  ],
  attributes: [
    { name: "heads", min: 1, max: 1024 },
    { name: "precision", min: 0, max: 1, values: ["deterministic", "fast"] },
  ],
  extents: [{ rule: "divides", left: ["@heads"], right: ["C"] }],
  work: ["2", "T", "T", "C"],
  split: "@heads",
});
