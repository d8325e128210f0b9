import type { MakeDispatches } from "../wgsl/operation.ts";
import { sumOrCode } from "./_requantized.ts";
import { reduce, rowwise } from "./_rows.ts";
import { SHIFT_EXP } from "./_shift_exp.ts";
import { elementwise } from "./_word_owner.ts";

/**
 * ShiftGELU: `x·σ`. Without a multiplier the product wraps, before a requantisation it saturates.
 *
 * Exactness: the factor is ⌊(2^31 − 1)/min(E + E0, 2^31 − 1)⌋, 1 where E leaves 31 bits, so that E·factor is below 2^56.
 */
export const shiftGelu: MakeDispatches = (operation) => {
  const result = operation.has("multiplier")
    ? sumOrCode(operation, "saturate32(product)", "0u")
    : "i32(product.x)";
  return {
    stages: [
      rowwise(
        "x",
        "var<workgroup> most: array<i32, 64>;",
        `var m = -128;
  for (var c = lane; c < x_columns(); c += 64u) { m = max(m, read_x(row, c)); }
  most[lane] = m;
  ${reduce("most", "max(a, b)")}
  if (lane == 0u) { memory[scratch() + row] = u32(most[0]); }`,
      ),
      elementwise(
        operation,
        `${SHIFT_EXP}fn element(row: u32, column: u32) -> u32 {
  let most = i32(memory[scratch() + row]);
  let x0 = read_x0(0u, 0u);
  let value = read_x(row, column);
  let e = shift_exp(value - most, x0, 23);
  let sum = limited(add64(e, shift_exp(-most, x0, 23)));
  var scaled = e;
  if (e.y == 0u && e.x < SUM_LIMIT) { scaled = mul_wide(e.x, SUM_LIMIT / sum); }
  let sigmoid = shr64(scaled, 24u).x;
  var product = mul_wide(magnitude(value), sigmoid);
  if (value < 0) { product = neg64(product); }
  return u32(${result});
}`,
      ),
    ],
    scratchWords: operation.most("x").rows,
  };
};
