import { defineInstruction, ROUNDING } from "./_define.ts";

/**
 * Attention without writing out its scores: `attention_scores_i8`, optionally `requantize` with a
 * bias as identity, `softmax_i8`, `attention_values_i8` in one, row block by row block.
 *
 * `bits` is the width of the probabilities: 16 (i16, 0…32767) or 8 (i8, 0…127).
 * `bias[h][i][j]` is the second arm of the scores' requantisation, already rounded.
 */
export const attentionI8 = defineInstruction({
  name: "attention_i8",
  opcode: 12,
  family: "vision",
  category: "attention",
  operands: [
    { name: "q", role: "in", dtypes: ["i8"], shape: "B Q C" },
    { name: "k", role: "in", dtypes: ["i8"], shape: "B L C" },
    { name: "v", role: "in", dtypes: ["i8"], shape: "B L C" },
    { name: "multiplier", role: "in", holds: "factors", dtypes: ["i32"], shape: "1" },
    { name: "shift", role: "in", holds: "factors", dtypes: ["i32"], shape: "1" },
    {
      name: "multiplier2",
      role: "in",
      holds: "factors",
      dtypes: ["i32"],
      shape: "1",
      optional: true,
    },
    { name: "shift2", role: "in", holds: "factors", dtypes: ["i32"], shape: "1", optional: true },
    {
      name: "bias",
      role: "in",
      holds: "biases",
      dtypes: ["i32"],
      shape: "@heads Q L",
      optional: true,
    },
    { name: "mask", role: "in", holds: "masks", dtypes: ["u8"], shape: "W Q L", optional: true },
    {
      name: "exponentials",
      role: "in",
      holds: "tables",
      dtypes: ["i32"],
      shape: "256",
      optional: true,
    },
    { name: "x0", role: "in", holds: "tables", dtypes: ["i32"], shape: "1", optional: true },
    { name: "value_multiplier", role: "in", holds: "factors", dtypes: ["i32"], shape: "1" },
    { name: "value_shift", role: "in", holds: "factors", dtypes: ["i32"], shape: "1" },
    { name: "y", role: "out", dtypes: ["i8"], shape: "B Q C" },
  ],
  attributes: [
    { name: "heads", min: 1, max: 1024 },
    { name: "bits", min: 0, max: 1, values: ["16", "8"] },
    ROUNDING,
  ],
  rules: [
    { operand: "bias", present: true, then: "multiplier2", is: "present" },
    { operand: "bias", present: true, then: "shift2", is: "present" },
    { operand: "bias", present: false, then: "multiplier2", is: "absent" },
    { operand: "bias", present: false, then: "shift2", is: "absent" },
    { operand: "exponentials", present: true, then: "x0", is: "absent" },
    { operand: "exponentials", present: false, then: "x0", is: "present" },
  ],
  extents: [{ rule: "divides", left: ["@heads"], right: ["C"] }],
  work: ["2", "B", "Q", "L", "C"],
  split: "B%W @heads Q/4",
});
