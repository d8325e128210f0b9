import { defineInstruction } from "./_define.ts";

/** `y = x`, element by element: moves rows into a slice of another tensor (a ring, a state). */
export const copy = defineInstruction({
  name: "copy",
  opcode: 22,
  family: "core",
  category: "movement",
  operands: [
    { name: "x", role: "in", dtypes: ["i8", "u8", "i16", "i32", "f32"], shape: "* K" },
    { name: "y", role: "out", dtypes: ["i8", "u8", "i16", "i32", "f32"], shape: "* K" },
  ],
  sameDtype: ["x", "y"],
  work: ["*", "K"],
  split: "*",
});
