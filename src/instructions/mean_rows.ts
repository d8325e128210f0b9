import { defineInstruction } from "./_define.ts";

/**
 * Mean over the rows of each sequence. Integers: `round_half_even(Σx / N)`. Float32: rows are added
 * in order into one accumulator, then multiplied by `fl32(1/N)`.
 */
export const meanRows = defineInstruction({
  name: "mean_rows",
  opcode: 14,
  family: "vision",
  category: "movement",
  operands: [
    { name: "x", role: "in", dtypes: ["i8", "i16", "f32"], shape: "B N C" },
    { name: "y", role: "out", dtypes: ["i8", "i16", "f32"], shape: "B C" },
  ],
  sameDtype: ["x", "y"],
  work: ["B", "N", "C"],
  split: "B | C/16",
});
