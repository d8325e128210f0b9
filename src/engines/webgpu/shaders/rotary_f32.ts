import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** Pairs of channels turn by the angles of their token. */
export const rotaryF32: MakeDispatches = (operation) => ({
  stages: [elementwise(
    operation,
    `fn element(t: u32, column: u32) -> u32 {
  let i = (column >> 1u) % angles_columns();
  let c = read_angles(2u * t, i);
  let s = read_angles(2u * t + 1u, i);
  let own = read_x(t, column);
  let other = read_x(t, column ^ 1u);
  return f_add(f_mul(own, c), f_mul(other, select(s, f_neg(s), (column & 1u) == 0u)));
}`,
  )],
});
