import type { MakeDispatches } from "../wgsl/operation.ts";
import { inverseRms, ROOT_MEAN_SQUARE } from "./_root_mean_square.ts";
import { rowwise } from "./_rows.ts";
import { elementwise } from "./_word_owner.ts";

/** The normalised projection times the SiLU of the state; a factor a row first, so that no loop holds a division. */
export const hgrnGateF32: MakeDispatches = (operation) => ({
  stages: [
    rowwise(
      "p",
      ROOT_MEAN_SQUARE,
      `let columns = p_columns();
  ${inverseRms("r", "read_p(row, c)", "read_epsilon(0u, 0u)")}
  if (lane == 0u) { memory[scratch() + row] = r; }`,
    ),
    elementwise(
      operation,
      `fn element(row: u32, c: u32) -> u32 {
  let norm = f_mul(f_mul(read_p(row, c), memory[scratch() + row]), read_gamma(0u, c));
  return f_mul(norm, f_silu(read_x(row, c)));
}`,
    ),
  ],
  scratchWords: operation.most("p").rows,
});
