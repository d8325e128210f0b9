import type { MakeDispatches } from "../wgsl/operation.ts";
import { ROOT_MEAN_SQUARE } from "./_root_mean_square.ts";
import { rowwise } from "./_rows.ts";
import { sum16 } from "./_sum16.ts";
import { elementwise } from "./_word_owner.ts";

/** Words of scratch memory of a row: its mean and its factor. */
const WORDS = 2;

/** LayerNorm in float32: mean and factor of each row, then elements. */
export const layerNormF32: MakeDispatches = (operation) => {
  const scaled = "f_mul(f_mul(f_sub(read_x(row, c), mean), factor), read_gamma(0u, c))";
  return {
    stages: [
      rowwise(
        "x",
        ROOT_MEAN_SQUARE,
        `let columns = x_columns();
  ${sum16("columns", "read_x(row, c)")}
  let mean = mean_of(partial[0], columns);
  ${sum16("columns", "square(f_sub(read_x(row, c), mean))")}
  if (lane == 0u) {
    memory[scratch() + ${WORDS}u * row] = mean;
    memory[scratch() + ${WORDS}u * row + 1u] =
      inverse_root(mean_of(partial[0], columns), read_epsilon(0u, 0u));
  }`,
      ),
      elementwise(
        operation,
        `fn element(row: u32, c: u32) -> u32 {
  let mean = memory[scratch() + ${WORDS}u * row];
  let factor = memory[scratch() + ${WORDS}u * row + 1u];
  return ${operation.has("beta") ? `f_add(${scaled}, read_beta(0u, c))` : scaled};
}`,
      ),
    ],
    scratchWords: WORDS * operation.most("x").rows,
  };
};
