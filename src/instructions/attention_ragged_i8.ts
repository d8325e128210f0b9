import { defineInstruction, ROUNDING } from "./_define.ts";

/**
 * `attention_i8` within each sequence of a ragged batch: tokens offsets[s] … offsets[s+1] see each
 * other and nothing else. The softmax has a table and 16 bits; the work is that of the lengths used.
 */
export const attentionRaggedI8 = defineInstruction({
  name: "attention_ragged_i8",
  opcode: 36,
  family: "encoder",
  category: "attention",
  operands: [
    { name: "q", role: "in", dtypes: ["i8"], shape: "1 T C" },
    { name: "k", role: "in", dtypes: ["i8"], shape: "1 T C" },
    { name: "v", role: "in", dtypes: ["i8"], shape: "1 T C" },
    {
      name: "offsets",
      role: "in",
      dtypes: ["i32"],
      shape: "S",
      check: { kind: "offsets", limit: "T" },
    },
    { name: "multiplier", role: "in", holds: "factors", dtypes: ["i32"], shape: "1" },
    { name: "shift", role: "in", holds: "factors", dtypes: ["i32"], shape: "1" },
    { name: "exponentials", role: "in", holds: "tables", dtypes: ["i32"], shape: "256" },
    { name: "value_multiplier", role: "in", holds: "factors", dtypes: ["i32"], shape: "1" },
    { name: "value_shift", role: "in", holds: "factors", dtypes: ["i32"], shape: "1" },
    { name: "y", role: "out", dtypes: ["i8"], shape: "1 T C" },
  ],
  attributes: [{ name: "heads", min: 1, max: 1024 }, ROUNDING],
  extents: [{ rule: "divides", left: ["@heads"], right: ["C"] }],
  work: ["2", "T", "T", "C"],
  split: "@heads",
});
