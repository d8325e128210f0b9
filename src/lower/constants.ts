/** Constants that lowering makes. */
import { FewbitError } from "../errors.ts";
import { tensorOf } from "../tensor.ts";
import type { Tensor } from "../tensor.ts";
import type { Index } from "../program/program.ts";
import type { Lowering } from "./lowering.ts";

/** View of one float32 number. */
export function float32(lowering: Lowering, value: number): Index {
  return lowering.literal(`f32 ${value}`, () => ({
    dtype: "f32",
    shape: [1],
    data: Float32Array.of(value),
  }));
}

/**
 * Rows of a table `[R, H]` picked by an index `[L·L]`, as `[H, L, L]`.
 *
 * @throws {FewbitError} `invalid_argument` for a row that the table does not have.
 */
export function relativePositions(table: Tensor, index: Tensor): Tensor {
  const [rows, heads] = table.shape;
  for (const row of index.data) {
    if (Number(row) >= 0 && Number(row) < rows) continue;
    throw new FewbitError(
      "invalid_argument",
      `Cannot pick row ${row} of a table of relative positions: it has ${rows}`,
    );
  }
  const pairs = index.data.length;
  const length = Math.sqrt(pairs);
  const source = table.data as Float32Array | Int8Array;
  const data = source instanceof Int8Array
    ? new Int8Array(heads * pairs)
    : new Float32Array(heads * pairs);
  for (let h = 0; h < heads; h++) {
    for (let i = 0; i < pairs; i++) {
      data[h * pairs + i] = source[(index.data[i] as number) * heads + h];
    }
  }
  return tensorOf(table.dtype, [heads, length, length], data);
}
