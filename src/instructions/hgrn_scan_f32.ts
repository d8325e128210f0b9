import { defineInstruction } from "./_define.ts";
import { SESSION_OPERANDS } from "./_sessions.ts";

/**
 * The recurrence of HGRN for a ragged batch, each channel on its own:
 *
 * ```text
 * f = σ(z), or lower_bound + (1 − lower_bound)·σ(z)        σ(z) = 1 / (1 + e^−z)
 * c = (u·(1 − f)) / (1 + e^−u)                             u and z below −88 count as −88
 * S = f·S + c;   y = S                                     token after token
 * ```
 *
 * `offsets[s] … offsets[s+1]` are the tokens of sequence s, whose state is `state[slot[s]]`; where
 * `past[s]` is 0 it starts from zero. Every operation is rounded to float32.
 */
export const hgrnScanF32 = defineInstruction({
  name: "hgrn_scan_f32",
  opcode: 27,
  family: "language",
  category: "elementwise",
  operands: [
    { name: "u", role: "in", dtypes: ["f32"], shape: "T C" },
    { name: "z", role: "in", dtypes: ["f32"], shape: "T C" },
    {
      name: "lower_bound",
      role: "in",
      holds: "bounds",
      dtypes: ["f32"],
      shape: "C",
      optional: true,
    },
    ...SESSION_OPERANDS,
    { name: "state", role: "inout", dtypes: ["f32"], shape: "S C" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "T C" },
  ],
  work: ["16", "T", "C"],
  split: "C/16",
});
