/**
 * The end of the products of integer language models: one shift for all channels, 64-bit integers.
 *
 * ```text
 * r = clamp32(round(acc·multiplier[n] / 2^shift))           half to even
 * y = clamp(r + zero_point[n], −2^(bits−1), 2^(bits−1) − 1)    to y's type, too
 * y = clamp(r [+ identity], −limit, limit)                    with a limit: the residual
 * ```
 *
 * A shift below 1 counts as 1, one above 62 gives r = 0. A limit below 0 counts as 0.
 */
import type { AttributeSpec, OperandSpec, PresenceRule } from "./_define.ts";

/** Most bits of the result. */
export const BITS: AttributeSpec = { name: "bits", min: 2, max: 32 };

/** Operands behind the weights. */
export const SHIFTED_OPERANDS: readonly OperandSpec[] = [
  { name: "bias", role: "in", holds: "biases", dtypes: ["i32"], shape: "N", optional: true },
  { name: "multiplier", role: "in", holds: "factors", dtypes: ["i32"], shape: "1|N" },
  { name: "shift", role: "in", holds: "factors", dtypes: ["i32"], shape: "1" },
  {
    name: "zero_point",
    role: "in",
    holds: "factors",
    dtypes: ["i32"],
    shape: "1|N",
    optional: true,
  },
  { name: "identity", role: "in", dtypes: ["i32"], shape: "* N", optional: true },
  { name: "limit", role: "in", holds: "factors", dtypes: ["i32"], shape: "1", optional: true },
  { name: "y", role: "out", dtypes: ["i8", "i16", "i32"], shape: "* N" },
];

/** What goes together. */
export const SHIFTED_RULES: readonly PresenceRule[] = [
  { operand: "zero_point", present: true, then: "limit", is: "absent" },
  { operand: "identity", present: true, then: "limit", is: "present" },
  { operand: "limit", present: true, then: "y", is: ["i32"] },
];
