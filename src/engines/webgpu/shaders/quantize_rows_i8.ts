import type { MakeDispatches } from "../wgsl/operation.ts";
import { reduce, rowwise } from "./_rows.ts";
import { elementwise } from "./_word_owner.ts";

/** Rows to int8 codes with a factor each: the largest size of each row, factors, then codes, half to even. */
export const quantizeRowsI8: MakeDispatches = (operation) => ({
  stages: [
    rowwise(
      "x",
      "var<workgroup> most: array<u32, 64>;",
      `var m = 0u;
  for (var c = lane; c < x_columns(); c += 64u) {
    let size = read_x(row, c) & 0x7fffffffu;
    /* NaN does not count */
    if (size <= 0x7f800000u) { m = max(m, size); }
  }
  most[lane] = m;
  ${reduce("most", "max(a, b)")}
  /* at least fl(1e-5) */
  if (lane == 0u) { write_alpha(row, 0u, max(most[0], 0x3727c5acu)); }`,
    ),
    elementwise(
      operation,
      `fn element(row: u32, c: u32) -> u32 { return f_div(0x42fe0000u, read_alpha(row, c)); }`,
      "alpha",
    ),
    elementwise(
      operation,
      `fn element(row: u32, c: u32) -> u32 {
  return u32(clamp(f_to_i32_half_even(f_mul(read_x(row, c), read_alpha(row, 0u))), -128, 127));
}`,
      "q",
    ),
  ],
});
