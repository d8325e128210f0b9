import { defineInstruction } from "./_define.ts";

/** Puts the same first rows (a class token) before the rows of every sequence. */
export const concatRows = defineInstruction({
  name: "concat_rows",
  opcode: 8,
  family: "core",
  category: "movement",
  operands: [
    { name: "first", role: "in", dtypes: ["i8", "i16", "f32"], shape: "P C" },
    { name: "x", role: "in", dtypes: ["i8", "i16", "f32"], shape: "B L C" },
    { name: "y", role: "out", dtypes: ["i8", "i16", "f32"], shape: "B P+L C" },
  ],
  sameDtype: ["first", "x", "y"],
  work: ["B", "L", "C"],
  split: "B | C/16",
});
