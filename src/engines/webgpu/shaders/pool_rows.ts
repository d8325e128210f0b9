import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** The sum of each sequence's rows, or its first row; integers wrap, float32 is added in order. */
export const poolRows: MakeDispatches = (operation) => {
  const isFloat = operation.dtype("x") === "f32";
  const value = "read_x(t, column)";
  return {
    stages: [elementwise(
      operation,
      `fn element(sequence: u32, column: u32) -> u32 {
  let start = u32(read_offsets(0u, sequence));
  var end = u32(read_offsets(0u, sequence + 1u));
  if (attribute_pooling() == 1u) { end = min(start + 1u, end); }
  var sum = ${isFloat ? "0u" : "0"};
  for (var t = start; t < end; t++) { sum = ${
        isFloat ? `f_add(sum, ${value})` : `sum + ${value}`
      }; }
  return u32(sum);
}`,
    )],
  };
};
