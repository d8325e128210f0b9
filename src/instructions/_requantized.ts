/** What instructions share that requantise where they have a multiplier. */
import type { DType } from "../tensor.ts";
import type { OperandSpec, PresenceRule } from "./_define.ts";

/** A multiplier comes with its shift, and then the result has one of these types; else it is sums, i32. */
export function sumsOrCodes(codes: readonly DType[]): PresenceRule[] {
  return [
    { operand: "multiplier", present: true, then: "shift", is: "present" },
    { operand: "multiplier", present: true, then: "y", is: codes },
    { operand: "multiplier", present: false, then: "shift", is: "absent" },
    { operand: "multiplier", present: false, then: "y", is: ["i32"] },
  ];
}

/** What the other arm of a sum is multiplied by before it is added. */
export const IDENTITY_FACTORS = [
  {
    name: "identity_multiplier",
    role: "in",
    holds: "factors",
    dtypes: ["i32"],
    shape: "1",
    optional: true,
  },
  {
    name: "identity_shift",
    role: "in",
    holds: "factors",
    dtypes: ["i32"],
    shape: "1",
    optional: true,
  },
] as const satisfies readonly OperandSpec[];
