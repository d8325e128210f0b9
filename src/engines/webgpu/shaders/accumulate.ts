import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** `y += x`: 32-bit integers wrap, float32 rounds. */
export const accumulate: MakeDispatches = (operation) => {
  const [x, y] = ["read_x(row, column)", "read_y(row, column)"];
  const sum = operation.dtype("y") === "f32" ? `f_add(${y}, ${x})` : `u32(${y} + ${x})`;
  return {
    stages: [elementwise(
      operation,
      `fn element(row: u32, column: u32) -> u32 { return ${sum}; }`,
    )],
  };
};
