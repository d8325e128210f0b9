/** The factor `1/√(Σx²/C + ε)` of rows in float32, in WGSL. */
import { SUM16, sum16 } from "./_sum16.ts";

/** What `inverseRms` needs before `main`. */
export const ROOT_MEAN_SQUARE: string = `${SUM16}fn square(v: u32) -> u32 { return f_mul(v, v); }
fn inverse_root(mean: u32, epsilon: u32) -> u32 { return f_div(ONE, f_sqrt(f_add(mean, epsilon))); }
fn mean_of(sum: u32, columns: u32) -> u32 { return f_div(sum, f_from_u32(columns)); }
`;

/**
 * Sets a variable to the factor of a row of `columns` columns.
 *
 * @param value WGSL of the element in column `c`.
 */
export function inverseRms(variable: string, value: string, epsilon: string): string {
  return `${sum16("columns", `square(${value})`)}
  let ${variable} = inverse_root(mean_of(partial[0], columns), ${epsilon});`;
}
