import { expectInteger } from "../attribute.ts";
import { expectDtype, expectShape, fixed, same } from "../extent.ts";
import type { IntegerOp } from "../op.ts";

/**
 * Embeddings of a ragged batch in integers: rows of a table `[V, C]` with a multiplier each and a shift
 * (`[1]` or `[V]`), plus position codes `[P, C]` with one, by token `[T]` and offsets `[B + 1]`. With factors
 * `[V, C / group]` the table has 4 bits, two codes a byte: `[V, C / 2]`.
 */
export const embeddingInteger: IntegerOp<
  "EmbeddingInteger",
  | "table"
  | "multiplier"
  | "shift"
  | "positions"
  | "positionMultiplier"
  | "positionShift"
  | "ids"
  | "offsets"
  | "factors?",
  { group?: number }
> = {
  name: "EmbeddingInteger",
  integer: true,
  inputs: [
    "table",
    "multiplier",
    "shift",
    "positions",
    "positionMultiplier",
    "positionShift",
    "ids",
    "offsets",
    "factors?",
  ],
  infer(
    {
      table,
      multiplier,
      shift,
      positions,
      positionMultiplier,
      positionShift,
      ids,
      offsets,
      factors,
    },
    { group },
  ) {
    expectDtype(table, [factors === undefined ? "i8" : "u8"], "EmbeddingInteger");
    if (factors !== undefined) {
      expectDtype(factors, ["u8"], "EmbeddingInteger");
      expectInteger(group, 1, "EmbeddingInteger: group");
    }
    expectDtype(positions, ["i16"], "EmbeddingInteger");
    const integers = [multiplier, shift, positionMultiplier, positionShift, ids, offsets];
    for (const value of integers) expectDtype(value, ["i32"], "EmbeddingInteger");
    const width = fixed(positions.shape[1], "columns");
    const codes = factors === undefined ? 1 : 2;
    const fits = table.shape.length === 2 && positions.shape.length === 2 &&
      fixed(table.shape[1], "columns") * codes === width && ids.shape.length === 1 &&
      same(multiplier.shape[0], table.shape[0]) &&
      (shift.shape[0] === 1 || same(shift.shape[0], table.shape[0])) &&
      (factors === undefined || fixed(factors.shape[1], "groups") * group! === width);
    expectShape(fits, "EmbeddingInteger", [table, multiplier, shift, positions, factors]);
    return { y: { dtype: "i16", shape: [ids.shape[0], width] } };
  },
};
