import { defineInstruction } from "./_define.ts";
import { SESSION_OPERANDS } from "./_sessions.ts";

/**
 * Appends the rows of a ragged batch to the caches of their sessions: token t of sequence s,
 * counted from 0 in its sequence, goes to row `(past[s] + t) mod R` of `cache[slot[s]]`.
 * `offsets[s] … offsets[s+1]` are the rows of sequence s in x.
 */
export const appendRows = defineInstruction({
  name: "append_rows",
  opcode: 24,
  family: "language",
  category: "movement",
  operands: [
    { name: "x", role: "in", dtypes: ["i8", "i16", "i32", "f32"], shape: "T C" },
    ...SESSION_OPERANDS,
    {
      name: "cache",
      role: "inout",
      dtypes: ["i8", "i16", "i32", "f32"],
      shape: "S R C",
      cached: true,
    },
  ],
  sameDtype: ["x", "cache"],
  work: ["T", "C"],
  split: "C/16",
});
