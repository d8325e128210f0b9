import { rotation, rotationWords } from "./_hadamard.ts";
import { TABLE_CODE } from "./_table_code.ts";
import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** Rows of a table of codes as the residual, rotated with signs. */
export const embeddingI32: MakeDispatches = (operation) => {
  const code = `${TABLE_CODE}fn residual(t: u32, h: i32) -> i32 {
  let multiplier = read_multiplier(0u, u32(read_index(0u, t)));
  let limit = max(0, read_limit(0u, 0u));
  return clamp(saturate32(rounded(h, multiplier, read_shift(0u, 0u), 0u)), -limit, limit);
}
`;
  if (!operation.has("signs")) {
    return {
      stages: [elementwise(
        operation,
        `${code}fn element(t: u32, c: u32) -> u32 { return u32(residual(t, code_of(t, c))); }`,
      )],
    };
  }
  return {
    stages: [rotation(`${code}fn given(t: u32, c: u32) -> i32 {
  return code_of(t, c) * read_signs(0u, c);
}
fn turned(t: u32, c: u32, value: i32) -> i32 { return residual(t, value); }`)],
    scratchWords: rotationWords(operation),
  };
};
