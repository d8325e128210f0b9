import type { AttributeSpec } from "./_define.ts";

/**
 * Functions of two numbers. `minimum` is `b < a ? b : a`, `maximum` is `a < b ? b : a`, `less` is 1 or 0. The
 * place in the list is the value of the attribute: append only.
 */
export const BINARY_FUNCTIONS = [
  "add",
  "subtract",
  "multiply",
  "divide",
  "minimum",
  "maximum",
  "less",
] as const;

/** Name of a function of two numbers. */
export type BinaryFunction = (typeof BINARY_FUNCTIONS)[number];

/** Which function an instruction computes. */
export const BINARY_FUNCTION: AttributeSpec = {
  name: "binary",
  min: 0,
  max: BINARY_FUNCTIONS.length - 1,
  values: BINARY_FUNCTIONS,
};
