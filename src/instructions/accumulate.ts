import { defineInstruction } from "./_define.ts";

/** `y += x`: 32-bit integers wrap, float32 rounds. The simplest instruction with a state. */
export const accumulate = defineInstruction({
  name: "accumulate",
  opcode: 23,
  family: "core",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["i32", "f32"], shape: "* K" },
    { name: "y", role: "inout", dtypes: ["i32", "f32"], shape: "* K" },
  ],
  sameDtype: ["x", "y"],
  work: ["*", "K"],
  split: "*",
});
