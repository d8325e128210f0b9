import { defineInstruction } from "./_define.ts";
import { linearI8 } from "./linear_i8.ts";

/**
 * `linear_i8` of 16-bit activations. Accumulators wrap to 32 bits: with codes of 12 bits and weights
 * of 8 they are exact up to K = 8191.
 */
export const linearI16 = defineInstruction({
  ...linearI8,
  name: "linear_i16",
  opcode: 34,
  family: "encoder",
  category: "linear",
  operands: [
    { name: "x", role: "in", dtypes: ["i16"], shape: "* K" },
    ...linearI8.operands.slice(1),
  ],
});
