import { defineInstruction } from "./_define.ts";

/**
 * One row for each sequence of a ragged batch: the sum of its rows, or its first one. Rows
 * offsets[s] … offsets[s+1] of x belong to sequence s; none gives zeros. Integer sums wrap to 32
 * bits; float32 adds rows in order from +0.
 */
export const poolRows = defineInstruction({
  name: "pool_rows",
  opcode: 37,
  family: "encoder",
  category: "movement",
  operands: [
    { name: "x", role: "in", dtypes: ["i8", "i16", "f32"], shape: "T C" },
    {
      name: "offsets",
      role: "in",
      dtypes: ["i32"],
      shape: "B+1",
      check: { kind: "offsets", limit: "T" },
    },
    { name: "y", role: "out", dtypes: ["i32", "f32"], shape: "B C" },
  ],
  rules: [
    { operand: "x", present: true, dtype: "i8", then: "y", is: ["i32"] },
    { operand: "x", present: true, dtype: "i16", then: "y", is: ["i32"] },
    { operand: "x", present: true, dtype: "f32", then: "y", is: ["f32"] },
  ],
  attributes: [{ name: "pooling", min: 0, max: 1, values: ["sum", "first"] }],
  work: ["T", "C"],
  split: "C/16",
});
