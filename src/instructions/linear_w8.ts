import { defineInstruction } from "./_define.ts";
import { BITS, SHIFTED_OPERANDS, SHIFTED_RULES } from "./_shifted.ts";

/**
 * Linear layer of integer language models, weights of 8 bits: `acc = Σ_k x[k]·weight[n][k] + bias[n]` in
 * i32, then what `_shifted.ts` says. The zero point of x is in the bias, `−zero·Σ_k weight[n][k]`.
 *
 * Without limit and zero point, and with 32 bits, it gives logits: r saturates.
 */
export const linearW8 = defineInstruction({
  name: "linear_w8",
  opcode: 47,
  family: "integer",
  category: "linear",
  operands: [
    { name: "x", role: "in", dtypes: ["i8", "i16"], shape: "* K" },
    {
      name: "weight",
      role: "in",
      holds: "weights",
      dtypes: ["i8"],
      layouts: ["panel_8x4"],
      shape: "N K",
    },
    ...SHIFTED_OPERANDS,
  ],
  attributes: [BITS],
  rules: SHIFTED_RULES,
  work: ["*", "K", "N"],
  split: "*/4 | N/8",
});
