/**
 * Rows of scores in the scratch memory, a row for each query and head: what becomes of them goes from stage to stage, as a
 * loop around an exponential or a division keeps compilers of drivers busy for minutes.
 *
 * Row `r` begins at word `scratch() + r·score_columns()`; behind all rows two words a row are for what is known of it.
 */
import { flat } from "../wgsl/operation.ts";
import type { Operation, Sizes, Stage } from "../wgsl/operation.ts";

/** Words of what is known of a row. */
const WORDS = 2;

/** The shape of the scores. */
export interface ScoreRows {
  /**
   * WGSL with `score_rows() -> u32`, `score_columns() -> u32` (room for scores), and `score_count(row: u32) -> u32`, how many
   * there are.
   */
  readonly declarations: string;
  /** Rows and columns of a run. */
  readonly shape: (
    sizes: Sizes,
    attributes: Readonly<Record<string, number>>,
  ) => readonly [rows: number, columns: number];
}

/** Words that they need. */
export function scoreWords(rows: number, columns: number): number {
  return rows * (columns + WORDS);
}

/** Rows for each token of q and head, and so many columns. */
export function headRows(operation: Operation, heads: number, columns: number): number {
  return scoreWords(operation.most("q").rows * heads, columns);
}

const KNOWN: string = `fn known(row: u32) -> u32 {
  return scratch() + score_rows() * score_columns() + ${WORDS}u * row;
}
`;

/** Sets each score by `fn score(row: u32, j: u32) -> u32`; `memory[scratch() + row·score_columns() + j]` is what it was. */
export function eachScore({ declarations, shape }: ScoreRows, score: string): Stage {
  return {
    body: `${declarations}${KNOWN}${score}
@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
) {
  let i = id.x + id.y * groups.x * 64u;
  let row = i / score_columns();
  let j = i - row * score_columns();
  if (row >= score_rows() || j >= score_count(row)) { return; }
  memory[scratch() + i] = score(row, j);
}`,
    groups: (sizes, attributes) => {
      const [rows, columns] = shape(sizes, attributes);
      return flat(Math.ceil(rows * columns / 64));
    },
  };
}

/**
 * A workgroup a row. The body has `row`, `lane` (0…63), `count`, `score_of(c)`, and `known(row)`, the place of two words.
 *
 * @param functions WGSL before `main`.
 */
export function eachScoreRow(
  { declarations, shape }: ScoreRows,
  functions: string,
  body: string,
): Stage {
  return {
    body: `${declarations}${KNOWN}${functions}
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.x + group.y * groups.x;
  if (row >= score_rows()) { return; }
  let count = score_count(row);
  let first = scratch() + row * score_columns();
  ${body}
}`,
    groups: (sizes, attributes) => flat(shape(sizes, attributes)[0]),
  };
}
