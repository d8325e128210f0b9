/** Operands of instructions that go on with the sessions of a ragged batch of T tokens. */
import type { OperandSpec } from "./_define.ts";

/**
 * `offsets[s] … offsets[s+1]` are the tokens of sequence s, `slot[s]` its session of S, `past[s]` how
 * many tokens that has had.
 */
export const SESSION_OPERANDS: readonly OperandSpec[] = [
  {
    name: "offsets",
    role: "in",
    dtypes: ["i32"],
    shape: "B+1",
    check: { kind: "offsets", limit: "T" },
  },
  {
    name: "slot",
    role: "in",
    dtypes: ["i32"],
    shape: "B",
    check: { kind: "distinct", limit: "S" },
  },
  { name: "past", role: "in", dtypes: ["i32"], shape: "B", check: { kind: "past" } },
];
