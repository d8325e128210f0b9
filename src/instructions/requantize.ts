import { defineInstruction, ROUNDING } from "./_define.ts";
import { IDENTITY_FACTORS } from "./_requantized.ts";

/**
 * `y = clamp(round(x·multiplier[n] / 2^shift[n]) [+ round(identity·identity_multiplier / 2^identity_shift)] [+ zero_point])`.
 *
 * Each arm is rounded on its own, the sum is clamped once. The identity may repeat over leading
 * extents (position embeddings, relative position biases).
 */
export const requantize = defineInstruction({
  name: "requantize",
  opcode: 3,
  family: "core",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["i8", "i16", "i32"], shape: "* N" },
    { name: "multiplier", role: "in", holds: "factors", dtypes: ["i32"], shape: "1|N" },
    { name: "shift", role: "in", holds: "factors", dtypes: ["i32"], shape: "1|N" },
    { name: "identity", role: "in", dtypes: ["i8", "i16", "i32"], shape: "~ N", optional: true },
    ...IDENTITY_FACTORS,
    {
      name: "zero_point",
      role: "in",
      holds: "factors",
      dtypes: ["i32"],
      shape: "1",
      optional: true,
    },
    { name: "y", role: "out", dtypes: ["i8", "i16", "i32"], shape: "* N" },
  ],
  attributes: [ROUNDING],
  rules: [
    { operand: "identity", present: true, then: "identity_multiplier", is: "present" },
    { operand: "identity", present: true, then: "identity_shift", is: "present" },
    { operand: "identity", present: false, then: "identity_multiplier", is: "absent" },
    { operand: "identity", present: false, then: "identity_shift", is: "absent" },
  ],
  work: ["*", "N"],
  split: "*",
});
