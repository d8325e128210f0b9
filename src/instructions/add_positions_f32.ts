import { defineInstruction } from "./_define.ts";

/**
 * `y[t] = x[t] + positions[p]`, p = min(t − offsets[s], P − 1) for the tokens offsets[s] …
 * offsets[s+1] of sequence s. No sequence is meant to be longer than P.
 */
export const addPositionsF32 = defineInstruction({
  name: "add_positions_f32",
  opcode: 39,
  family: "float",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "T C" },
    { name: "positions", role: "in", dtypes: ["f32"], shape: "P C" },
    {
      name: "offsets",
      role: "in",
      dtypes: ["i32"],
      shape: "S",
      check: { kind: "offsets", limit: "T" },
    },
    { name: "y", role: "out", dtypes: ["f32"], shape: "T C" },
  ],
  work: ["T", "C"],
  split: "C/16",
});
