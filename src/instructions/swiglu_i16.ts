import { defineInstruction } from "./_define.ts";

/**
 * SwiGLU of integer language models: the function of a 12-bit code from a table, times the other half.
 *
 * ```text
 * y = clamp(round(table[clamp(gate, −2048, 2047) + 2048]·up / 2^shift) + zero_point)     half to even
 * ```
 *
 * To 8 bits, or to the 12 of −2048 … 2047 where y has 16: `linear_w8` of them is exact up to K = 8191. The table's scale is
 * chosen so that a shift requantises. A shift below 1 counts as 1, one above 30 gives zero_point.
 */
export const swigluI16 = defineInstruction({
  name: "swiglu_i16",
  opcode: 48,
  family: "integer",
  category: "elementwise",
  operands: [
    { name: "gate", role: "in", dtypes: ["i16"], shape: "* K" },
    { name: "up", role: "in", dtypes: ["i16"], shape: "* K" },
    { name: "table", role: "in", holds: "tables", dtypes: ["i16"], shape: "4096" },
    { name: "shift", role: "in", holds: "factors", dtypes: ["i32"], shape: "1" },
    { name: "zero_point", role: "in", holds: "factors", dtypes: ["i32"], shape: "1" },
    { name: "y", role: "out", dtypes: ["i8", "i16"], shape: "* K" },
  ],
  work: ["*", "K"],
  split: "*",
});
