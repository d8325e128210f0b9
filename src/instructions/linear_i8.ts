import { defineInstruction, ROUNDING } from "./_define.ts";
import { IDENTITY_FACTORS } from "./_requantized.ts";

/**
 * Integer linear layer with its requantisations:
 *
 * ```text
 * acc = Σ_k x[k]·weight[n][k] + bias[n]                              i32, exact
 * r   = clamp(round(acc·multiplier[n] / 2^shift[n]) + zero_point)    to y's type, 16 bits before an identity
 * y   = table[r + 128]                                               with a table (8 bits)
 * y   = clamp16(round(r·multiplier2 / 2^shift2) + round(identity·identity_multiplier / 2^identity_shift))
 * ```
 *
 * Without `multiplier`, y is the accumulator. Each arm of a residual is rounded on its own.
 */
export const linearI8 = defineInstruction({
  name: "linear_i8",
  opcode: 2,
  family: "core",
  category: "linear",
  operands: [
    { name: "x", role: "in", dtypes: ["i8"], shape: "* K" },
    {
      name: "weight",
      role: "in",
      holds: "weights",
      dtypes: ["i8"],
      layouts: ["panel_8x4", "panel_8x4_u7"],
      shape: "N K",
    },
    { name: "bias", role: "in", holds: "biases", dtypes: ["i32"], shape: "N", optional: true },
    {
      name: "multiplier",
      role: "in",
      holds: "factors",
      dtypes: ["i32"],
      shape: "1|N",
      optional: true,
    },
    { name: "shift", role: "in", holds: "factors", dtypes: ["i32"], shape: "1|N", optional: true },
    {
      name: "zero_point",
      role: "in",
      holds: "factors",
      dtypes: ["i32"],
      shape: "1",
      optional: true,
    },
    { name: "table", role: "in", holds: "tables", dtypes: ["i8"], shape: "256", optional: true },
    {
      name: "multiplier2",
      role: "in",
      holds: "factors",
      dtypes: ["i32"],
      shape: "1",
      optional: true,
    },
    { name: "shift2", role: "in", holds: "factors", dtypes: ["i32"], shape: "1", optional: true },
    { name: "identity", role: "in", dtypes: ["i8", "i16"], shape: "* N", optional: true },
    ...IDENTITY_FACTORS,
    { name: "y", role: "out", dtypes: ["i8", "i16", "i32"], shape: "* N" },
  ],
  attributes: [ROUNDING],
  rules: [
    { operand: "multiplier", present: true, then: "shift", is: "present" },
    { operand: "multiplier", present: true, then: "y", is: ["i8", "i16"] },
    { operand: "multiplier", present: false, then: "shift", is: "absent" },
    { operand: "multiplier", present: false, then: "zero_point", is: "absent" },
    { operand: "multiplier", present: false, then: "table", is: "absent" },
    { operand: "multiplier", present: false, then: "identity", is: "absent" },
    { operand: "multiplier", present: false, then: "y", is: ["i32"] },
    { operand: "table", present: true, then: "identity", is: "absent" },
    { operand: "table", present: true, then: "y", is: ["i8"] },
    { operand: "identity", present: true, then: "y", is: ["i16"] },
    { operand: "identity", present: true, then: "zero_point", is: "absent" },
    { operand: "identity", present: true, then: "multiplier2", is: "present" },
    { operand: "identity", present: true, then: "shift2", is: "present" },
    { operand: "identity", present: true, then: "identity_multiplier", is: "present" },
    { operand: "identity", present: true, then: "identity_shift", is: "present" },
    { operand: "identity", present: false, then: "multiplier2", is: "absent" },
    { operand: "identity", present: false, then: "shift2", is: "absent" },
    { operand: "identity", present: false, then: "identity_multiplier", is: "absent" },
    { operand: "identity", present: false, then: "identity_shift", is: "absent" },
  ],
  work: ["*", "K", "N"],
  split: "*/4 | N/8",
});
