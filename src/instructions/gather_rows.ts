import { defineInstruction } from "./_define.ts";

/** `y[b][i] = x[b][index[i]]`: rolls, windows, merges; an embedding where B is 1. */
export const gatherRows = defineInstruction({
  name: "gather_rows",
  opcode: 13,
  family: "core",
  category: "movement",
  operands: [
    { name: "x", role: "in", dtypes: ["i8", "i16", "i32", "f32"], shape: "B R C" },
    {
      name: "index",
      role: "in",
      holds: "indices",
      dtypes: ["i32"],
      shape: "S",
      check: { kind: "below", limit: "R" },
    },
    { name: "y", role: "out", dtypes: ["i8", "i16", "i32", "f32"], shape: "B S C" },
  ],
  sameDtype: ["x", "y"],
  work: ["B", "S", "C"],
  split: "B S",
});
