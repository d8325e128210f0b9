import { FewbitError } from "../../../errors.ts";
import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** Rows that are added in a round, and rounds after which some drivers leave a loop. */
const UNROLLED = 8, MOST_ROUNDS = 65535;

/**
 * Integers half to even; float32 added in order and multiplied by `fl(1/N)`.
 *
 * @throws {FewbitError} `unsupported` for more rows than a loop may go through.
 */
export const meanRows: MakeDispatches = (operation) => {
  const rows = operation.most("x").extents[1];
  if (rows > UNROLLED * MOST_ROUNDS) {
    throw new FewbitError(
      "unsupported",
      `Cannot run mean_rows of ${rows} rows on a GPU: at most ${UNROLLED * MOST_ROUNDS}`,
    );
  }
  const isFloat = operation.dtype("x") === "f32";
  // Exact: 2^16 rows of 16 bits, 2^24 of 8.
  const [zero, mean] = isFloat
    ? ["0u", "f_mul(sum, f_div(ONE, f_from_u32(length)))"]
    : ["0", "u32(mean_half_even(sum, i32(length)))"];
  const steps = Array.from({ length: UNROLLED }, (_, i) => {
    const value = `read_x(row * length + i + ${i}u, column)`;
    const sum = isFloat ? `f_add(sum, ${value})` : `sum + ${value}`;
    return `if (i + ${i}u < length) { sum = ${sum}; }`;
  });
  return {
    stages: [elementwise(
      operation,
      `fn element(row: u32, column: u32) -> u32 {
  let length = x_extents().y;
  var sum = ${zero};
  for (var i = 0u; i < length; i += ${UNROLLED}u) {
    ${steps.join("\n    ")}
  }
  return ${mean};
}`,
    )],
  };
};
