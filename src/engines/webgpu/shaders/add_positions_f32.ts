import type { MakeDispatches } from "../wgsl/operation.ts";
import { SEQUENCES } from "./_sequences.ts";
import { elementwise } from "./_word_owner.ts";

/** Adds the row of each token's position. */
export const addPositionsF32: MakeDispatches = (operation) => ({
  stages: [elementwise(
    operation,
    `${SEQUENCES}fn element(token: u32, column: u32) -> u32 {
  let place = position_of(token, positions_rows());
  return f_add(read_x(token, column), read_positions(place, column));
}`,
  )],
});
