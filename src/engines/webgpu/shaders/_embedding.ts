/** Embeddings in integers: a row of a table, and one of positions, each requantised; the sum saturates to 16 bits. */
import type { Dispatches, Operation } from "../wgsl/operation.ts";
import { SEQUENCES } from "./_sequences.ts";
import { elementwise } from "./_word_owner.ts";

/** @param code WGSL of the code of `row` in the table, at `column`. */
export function embedding(operation: Operation, code: string): Dispatches {
  const shift = `read_shift(0u, ${operation.column("shift", "row")})`;
  return {
    stages: [elementwise(
      operation,
      `${SEQUENCES}fn element(token: u32, column: u32) -> u32 {
  let row = u32(read_index(0u, token));
  let place = position_of(token, positions_rows());
  let word = rounded(${code}, read_multiplier(0u, row), ${shift}, 0u);
  let position = rounded(
    read_positions(place, column),
    read_position_multiplier(0u, 0u),
    read_position_shift(0u, 0u),
    0u,
  );
  return u32(clamp(saturate32(add64(word, position)), -32768, 32767));
}`,
    )],
  };
}
