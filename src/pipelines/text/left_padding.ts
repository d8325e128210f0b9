/** Padded batches of ids as the sequences that programs take. */
import { FewbitError } from "../../errors.ts";

/**
 * Takes the padding off a batch that is padded on the left: programs take sequences of any lengths.
 * The result is that of the padded batch exactly: a masked token leaves a recurrence at zero.
 *
 * @example
 * ```ts
 * import { stripLeftPadding } from "@fewbit/fewbit";
 *
 * const sequences = stripLeftPadding([[2, 2, 5], [6, 7, 8]], [[0, 0, 1], [1, 1, 1]]);
 * console.log(sequences); // [Int32Array [5], Int32Array [6, 7, 8]]
 * ```
 *
 * @param ids A row of ids for each sequence.
 * @param mask A row of the same length for each: 0 for padding, 1 for a token.
 * @returns The ids of each sequence.
 * @throws {FewbitError} `invalid_argument` where padding follows a token (on the right it would go on
 * to change a recurrent state), or a sequence has no token; `shape_mismatch` where rows differ.
 */
export function stripLeftPadding(
  ids: readonly ArrayLike<number>[],
  mask: readonly ArrayLike<number>[],
): Int32Array[] {
  if (ids.length !== mask.length) {
    throw new FewbitError(
      "shape_mismatch",
      `Cannot strip padding: ${ids.length} rows of ids, ${mask.length} of the mask`,
    );
  }
  return ids.map((row, s) => {
    const marks = Array.from(mask[s]);
    if (marks.length !== row.length) {
      throw new FewbitError(
        "shape_mismatch",
        `Cannot strip padding: sequence ${s} has ${row.length} ids, its mask ${marks.length}`,
      );
    }
    const bad = marks.findIndex((mark) => mark !== 0 && mark !== 1);
    if (bad >= 0) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot strip padding: mask[${s}][${bad}] is ${marks[bad]}, expected 0 or 1`,
      );
    }
    const first = marks.indexOf(1);
    if (first < 0) {
      throw new FewbitError("invalid_argument", `Cannot strip padding: sequence ${s} has no token`);
    }
    const hole = marks.indexOf(0, first);
    if (hole >= 0) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot strip padding: sequence ${s} has padding at ${hole}, after a token; pad on the left`,
      );
    }
    return Int32Array.from(row).subarray(first);
  });
}
