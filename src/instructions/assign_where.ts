import { defineInstruction } from "./_define.ts";

/** `y = x` where the condition is not 0; else y stays as it is. */
export const assignWhere = defineInstruction({
  name: "assign_where",
  opcode: 107,
  family: "train",
  category: "movement",
  operands: [
    { name: "x", role: "in", dtypes: ["i16", "f32"], shape: "* N" },
    { name: "condition", role: "in", dtypes: ["f32"], shape: "1" },
    { name: "y", role: "inout", dtypes: ["i16", "f32"], shape: "* N" },
  ],
  sameDtype: ["x", "y"],
  work: ["1", "*", "N"],
  split: "*",
});
