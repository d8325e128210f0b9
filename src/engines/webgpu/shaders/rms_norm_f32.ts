import type { MakeDispatches } from "../wgsl/operation.ts";
import { inverseRms, ROOT_MEAN_SQUARE } from "./_root_mean_square.ts";
import { rowwise } from "./_rows.ts";
import { elementwise } from "./_word_owner.ts";

/** RMSNorm: the factor of each row first, so that no loop holds a division. */
export const rmsNormF32: MakeDispatches = (operation) => ({
  stages: [
    rowwise(
      "x",
      ROOT_MEAN_SQUARE,
      `let columns = x_columns();
  ${inverseRms("r", "read_x(row, c)", "read_epsilon(0u, 0u)")}
  if (lane == 0u) { memory[scratch() + row] = r; }`,
    ),
    elementwise(
      operation,
      `fn element(row: u32, c: u32) -> u32 {
  return f_mul(f_mul(read_x(row, c), memory[scratch() + row]), read_gamma(0u, c));
}`,
    ),
  ],
  scratchWords: operation.most("x").rows,
});
