import { defineInstruction } from "./_define.ts";
import { BINARY_FUNCTION } from "./binary_functions.ts";

/**
 * `y = f(a, b)`, element by element, f one of `BINARY_FUNCTIONS`. b may repeat over leading extents and, where
 * its last extent is 1, over columns.
 */
export const binaryF32 = defineInstruction({
  name: "binary_f32",
  opcode: 66,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "a", role: "in", dtypes: ["f32"], shape: "* N" },
    { name: "b", role: "in", dtypes: ["f32"], shape: "~ 1|N" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "* N" },
  ],
  attributes: [BINARY_FUNCTION],
  work: ["*", "N"],
  split: "*",
});
