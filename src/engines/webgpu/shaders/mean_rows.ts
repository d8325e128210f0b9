import type { MakeDispatches } from "./_operation.ts";
import { elementwise } from "./_word_owner.ts";

/** Integers half to even; float32 added in order and multiplied by `fl(1/N)`. */
export const meanRows: MakeDispatches = (operation) => {
  const isFloat = operation.dtype("x") === "f32";
  const [sum, add, mean] = isFloat
    ? ["0u", "f_add(sum, value)", "f_mul(sum, f_div(ONE, f_from_u32(length)))"]
    // Exact: fewer than 2^16 rows of 16 bits, 2^24 of 8.
    : ["0", "sum + value", "u32(mean_half_even(sum, i32(length)))"];
  return {
    stages: [elementwise(
      operation,
      `fn element(row: u32, column: u32) -> u32 {
  let length = x_extents().y;
  var sum = ${sum};
  /* in blocks: some drivers leave a loop after 65,535 rounds */
  for (var first = 0u; first < length; first += 32768u) {
    for (var i = first; i < min(length, first + 32768u); i++) {
      let value = read_x(row * length + i, column);
      sum = ${add};
    }
  }
  return ${mean};
}`,
    )],
  };
};
