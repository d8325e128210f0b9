/** The factor `1/√(Σx²/C + ε)` of rows in float32, in WGSL: squares in 16 strided sums, then halves onto halves. */

/** What `inverseRms` needs before `main`. */
export const ROOT_MEAN_SQUARE: string = `var<workgroup> partial: array<u32, 16>;
fn inverse_rms(sum: u32, columns: u32, epsilon: u32) -> u32 {
  return f_div(ONE, f_sqrt(f_add(f_div(sum, f_from_u32(columns)), epsilon)));
}
`;

/**
 * Sets a variable to the factor of a row of `columns` columns.
 *
 * @param value WGSL of the element in column `c`.
 */
export function inverseRms(variable: string, value: string, epsilon: string): string {
  return `workgroupBarrier();
  if (lane < 16u) {
    var s = 0u;
    for (var c = lane; c < columns; c += 16u) {
      let v = ${value};
      s = f_add(s, f_mul(v, v));
    }
    partial[lane] = s;
  }
  for (var half = 8u; half >= 1u; half >>= 1u) {
    workgroupBarrier();
    if (lane < half) { partial[lane] = f_add(partial[lane], partial[lane + half]); }
  }
  workgroupBarrier();
  let ${variable} = inverse_rms(partial[0], columns, ${epsilon});`;
}
