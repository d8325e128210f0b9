import type { AttributeSpec } from "./_define.ts";

/**
 * Functions of one number with a derivative, by the names of PyTorch. The place in the list is the value of
 * the attribute: append only. `round` is half to even and straight through: its derivative is 1.
 */
export const UNARY_FUNCTIONS = [
  "relu",
  "leaky_relu",
  "relu6",
  "sigmoid",
  "tanh",
  "gelu",
  "gelu_tanh",
  "silu",
  "elu",
  "softplus",
  "hard_swish",
  "hard_sigmoid",
  "exp",
  "square",
  "relu_squared",
  "abs",
  "sqrt",
  "rsqrt",
  "reciprocal",
  "log",
  "expm1",
  "floor",
  "round",
] as const;

/** Name of a function of one number. */
export type UnaryFunction = (typeof UNARY_FUNCTIONS)[number];

/** Which function an instruction computes. */
export const UNARY_FUNCTION: AttributeSpec = {
  name: "unary",
  min: 0,
  max: UNARY_FUNCTIONS.length - 1,
  values: UNARY_FUNCTIONS,
};
