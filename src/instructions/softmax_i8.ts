import { defineInstruction } from "./_define.ts";

/**
 * Integer softmax over the last extent of int8 scores, with a table or with I-ViT's Shiftmax.
 *
 * ```text
 * table (exponentials E[d] = round(exp(−d·s)·2^20), d = 0…255):
 *   S = ΣE[max − x];  r = ⌊2^47/S⌋;  p = min(32767, (E·r + 2^31) >> 32)     masked: E = 0
 * shift (x0 = ⌊−1/s⌋, n = 15):
 *   S = min(ΣE(x − max), 2^31−1);  p = (E·⌊(2^31−1)/S⌋) >> (32 − bits)      masked: E = |x0|
 * ```
 *
 * `mask[w][i][j] ≠ 0` hides entry j from row i of every batch member b with b mod W = w. Masked
 * entries do not count for the maximum. y has `i16` for 16 bits and `i8` for 8.
 */
export const softmaxI8 = defineInstruction({
  name: "softmax_i8",
  opcode: 10,
  family: "vision",
  category: "attention",
  operands: [
    { name: "x", role: "in", dtypes: ["i8"], shape: "B H Q L" },
    {
      name: "exponentials",
      role: "in",
      holds: "tables",
      dtypes: ["i32"],
      shape: "256",
      optional: true,
    },
    { name: "x0", role: "in", holds: "tables", dtypes: ["i32"], shape: "1", optional: true },
    { name: "mask", role: "in", holds: "masks", dtypes: ["u8"], shape: "W Q L", optional: true },
    { name: "y", role: "out", dtypes: ["i8", "i16"], shape: "B H Q L" },
  ],
  rules: [
    { operand: "exponentials", present: true, then: "x0", is: "absent" },
    { operand: "exponentials", present: true, then: "y", is: ["i16"] },
    { operand: "exponentials", present: false, then: "x0", is: "present" },
  ],
  work: ["B", "H", "Q", "L"],
  split: "B%W H Q",
});
