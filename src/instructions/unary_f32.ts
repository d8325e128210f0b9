import { defineInstruction } from "./_define.ts";
import { UNARY_FUNCTION } from "./unary_functions.ts";

/** `y = f(x)`, element by element; the functions are those of `UNARY_FUNCTIONS`. */
export const unaryF32 = defineInstruction({
  name: "unary_f32",
  opcode: 64,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "* N" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "* N" },
  ],
  attributes: [UNARY_FUNCTION],
  work: ["4", "*", "N"],
  split: "*",
});
