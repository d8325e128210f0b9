import { defineInstruction } from "./_define.ts";
import { BITS, SHIFTED_OPERANDS, SHIFTED_RULES } from "./_shifted.ts";

/**
 * Linear layer of integer language models, weights of 4 bits in groups of columns, each with a zero point
 * and an integer factor (1 without them):
 *
 * ```text
 * acc = Σ_k x[k]·factor[n][g]·(weight[n][k] − zero[n][g]) + bias[n]         g = min(⌊k / group⌋, G − 1)
 * ```
 *
 * in i32, which wraps; then what `_shifted.ts` says. Of a zero point the low 4 bits count. With G = 1 all
 * columns are one group. The zero point of x is in the bias.
 */
export const linearW4 = defineInstruction({
  name: "linear_w4",
  opcode: 53,
  family: "integer",
  category: "linear",
  operands: [
    { name: "x", role: "in", dtypes: ["i8"], shape: "* K" },
    {
      name: "weight",
      role: "in",
      holds: "weights",
      dtypes: ["u8"],
      layouts: ["panel_8x16_u4"],
      shape: "N K",
    },
    {
      name: "zero",
      role: "in",
      holds: "factors",
      dtypes: ["u8"],
      layouts: ["panel_8_u8"],
      shape: "N G",
    },
    {
      name: "factor",
      role: "in",
      holds: "factors",
      dtypes: ["u8"],
      layouts: ["panel_8_u8"],
      shape: "N G",
      optional: true,
    },
    ...SHIFTED_OPERANDS,
  ],
  attributes: [BITS, { name: "group", min: 0, max: 3, values: ["16", "32", "64", "128"] }],
  rules: SHIFTED_RULES,
  work: ["*", "K", "N"],
  split: "*/4 | N/8",
});
