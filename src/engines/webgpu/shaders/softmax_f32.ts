import type { MakeDispatches } from "../wgsl/operation.ts";
import { scoreWords } from "./_scores.ts";
import type { ScoreRows } from "./_scores.ts";
import { QUOTIENT, softmaxExponentials } from "./_softmax_f32.ts";
import { elementwise } from "./_word_owner.ts";

const ROWS: ScoreRows = {
  declarations: `fn score_rows() -> u32 { return x_rows(); }
fn score_columns() -> u32 { return x_columns(); }
fn score_count(row: u32) -> u32 { return x_columns(); }
`,
  shape: ({ x }) => [x.rows, x.columns],
};

/** Softmax over the last extent. */
export const softmaxF32: MakeDispatches = (operation) => {
  const { rows, columns } = operation.most("x");
  return {
    stages: [
      ...softmaxExponentials(ROWS, "fn score(row: u32, j: u32) -> u32 { return read_x(row, j); }"),
      elementwise(
        operation,
        `${QUOTIENT}fn element(row: u32, j: u32) -> u32 {
  let known = scratch() + x_rows() * x_columns() + 2u * row;
  return quotient(memory[scratch() + row * x_columns() + j], memory[known]);
}`,
      ),
    ],
    scratchWords: scoreWords(rows, columns),
  };
};
