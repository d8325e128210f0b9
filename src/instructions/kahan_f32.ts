import { defineInstruction } from "./_define.ts";

/**
 * Adds a difference to a 16-bit float and keeps what was rounded away: `y = q(d − rest)`, `s = q(p + y)`, `rest = q(q(s − p) − y)`,
 * `p = s`, where q rounds to the type of p.
 */
export const kahanF32 = defineInstruction({
  name: "kahan_f32",
  opcode: 106,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "d", role: "in", dtypes: ["f32"], shape: "* N" },
    { name: "rest", role: "inout", dtypes: ["f16", "bf16"], shape: "* N" },
    { name: "p", role: "inout", dtypes: ["f16", "bf16"], shape: "* N" },
  ],
  sameDtype: ["rest", "p"],
  work: ["4", "*", "N"],
  split: "*",
});
