import { rotation, rotationWords } from "./_hadamard.ts";
import type { MakeDispatches } from "../wgsl/operation.ts";

/** The residual, rotated back. */
export const hadamardI32: MakeDispatches = (operation) => ({
  stages: [rotation(`fn given(row: u32, c: u32) -> i32 {
  return saturate32(rounded(read_x(row, c), 1, read_shift(0u, 0u), 0u));
}
fn turned(row: u32, c: u32, value: i32) -> i32 { return value * read_signs(0u, c); }`)],
  scratchWords: rotationWords(operation),
});
