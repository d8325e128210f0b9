import type { MakeDispatches } from "../wgsl/operation.ts";
import { inverseRms, ROOT_MEAN_SQUARE } from "./_root_mean_square.ts";
import { reduce, rowwise } from "./_rows.ts";
import { elementwise } from "./_word_owner.ts";

/** Words of scratch memory of a row: the factors of both norms. */
const WORDS = 2;

/**
 * RMSNorm once or twice, then int8 codes with a factor a row: factors of the norms, then the largest size of each row and
 * gamma, then codes. No loop holds a division or a root: drivers inline them.
 */
export const rmsNormQuantizeI8: MakeDispatches = (operation) => {
  const hasFirst = operation.has("pre_gamma");
  const factor = (i: number): string => `memory[scratch() + ${WORDS}u * row + ${i}u]`;
  const first = hasFirst
    ? `f_mul(f_mul(read_x(row, c), r0), read_pre_gamma(0u, c))`
    : "read_x(row, c)";
  const normalized = `${hasFirst ? `let r0 = ${factor(0)};\n  ` : ""}let r = ${factor(1)};`;
  const value = `f_mul(f_mul(${first}, r), read_gamma(g, c))`;
  return {
    stages: [
      rowwise(
        "x",
        ROOT_MEAN_SQUARE,
        `let columns = x_columns();
  ${
          hasFirst
            ? `${inverseRms("r0", "read_x(row, c)", "read_pre_epsilon(0u, 0u)")}
  if (lane == 0u) { ${factor(0)} = r0; }`
            : ""
        }
  ${inverseRms("r", first, "read_epsilon(0u, 0u)")}
  if (lane == 0u) { ${factor(1)} = r; }`,
      ),
      rowwise(
        "x",
        "var<workgroup> most: array<u32, 64>;",
        `${normalized}
  for (var g = 0u; g < gamma_rows(); g++) {
    var m = 0u;
    for (var c = lane; c < x_columns(); c += 64u) {
      let size = ${value} & 0x7fffffffu;
      /* NaN does not count */
      if (size <= 0x7f800000u) { m = max(m, size); }
    }
    workgroupBarrier();
    most[lane] = m;
    ${reduce("most", "max(a, b)")}
    /* at least fl(1e-5) */
    if (lane == 0u) { write_alpha(g, row, max(most[0], 0x3727c5acu)); }
  }`,
      ),
      elementwise(
        operation,
        "fn element(g: u32, row: u32) -> u32 { return f_div(0x42fe0000u, read_alpha(g, row)); }",
        "alpha",
      ),
      elementwise(
        operation,
        `fn element(place: u32, c: u32) -> u32 {
  let g = place / x_rows();
  let row = place - g * x_rows();
  ${normalized}
  return u32(f_code(f_mul(${value}, read_alpha(g, row))));
}`,
        "q",
      ),
    ],
    scratchWords: WORDS * operation.most("x").rows,
  };
};
