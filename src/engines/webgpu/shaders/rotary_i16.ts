import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** Pairs of channels, turned; sums wrap. */
export const rotaryI16: MakeDispatches = (operation) => {
  const zero = operation.has("zero_point") ? "read_zero_point(0u, column)" : "0";
  return {
    stages: [elementwise(
      operation,
      `fn element(t: u32, column: u32) -> u32 {
  let i = (column >> 1u) % angles_columns();
  let s = read_angles(2u * t + 1u, i);
  let turned = read_x(t, column) * read_angles(2u * t, i) +
    read_x(t, column ^ 1u) * select(s, min(-s, 32767), (column & 1u) == 0u);
  return u32(clamp(saturate32(add64(rounded(turned, 1, 21, 0u), wide(${zero}))), -128, 127));
}`,
    )],
  };
};
