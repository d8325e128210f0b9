import { defineInstruction } from "./_define.ts";

/** `y = a + b`; b may repeat over leading extents. */
export const addF32 = defineInstruction({
  name: "add_f32",
  opcode: 20,
  family: "float",
  category: "elementwise",
  operands: [
    { name: "a", role: "in", dtypes: ["f32"], shape: "* N" },
    { name: "b", role: "in", dtypes: ["f32"], shape: "~ N" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "* N" },
  ],
  work: ["*", "N"],
  split: "*",
});
