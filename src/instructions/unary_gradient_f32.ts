import { defineInstruction } from "./_define.ts";
import { UNARY_FUNCTION } from "./unary_functions.ts";

/**
 * `dx = dy·f'(x)`, element by element. At a kink: 0 for ReLU and |x|, and for ReLU6 and hard sigmoid at both
 * ends; hard swish has 0 at −3 and 1 at 3, leaky ReLU its slope at 0, as PyTorch does.
 */
export const unaryGradientF32 = defineInstruction({
  name: "unary_gradient_f32",
  opcode: 65,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "* N" },
    { name: "dy", role: "in", dtypes: ["f32"], shape: "* N" },
    { name: "dx", role: "out", dtypes: ["f32"], shape: "* N" },
  ],
  attributes: [UNARY_FUNCTION],
  work: ["4", "*", "N"],
  split: "*",
});
